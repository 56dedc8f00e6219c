import { messageType } from '../../../protocol/message.js'
import type { WebSocketConstructor } from '../client-web-socket.js'
import { ForwardingWebSocket } from '../forwarding-web-socket.js'
import type { Mutant } from '../mutant.js'
import { isCounted } from './message-kinds.js'

export const formerAcknowledgement: Mutant = {
  name: 'former-acknowledgement',
  what: 'a client counts an acknowledgement of its former connection for the present one',
  caughtBy: ['saved-durable'],
  needs: { cairnEditors: 3, leaveEveryMs: 4_000 },
  clientSockets: confuseConnections,
}

/** The last acknowledgement of each connection comes again once something is sent on the next. */
function confuseConnections(Inner: WebSocketConstructor): WebSocketConstructor {
  let former: Uint8Array | undefined
  return class ConfusedWebSocket extends ForwardingWebSocket {
    #stale = former

    constructor(url: string, protocols?: string | readonly string[]) {
      super(new Inner(url, protocols))
    }

    protected override received(message: Uint8Array): void {
      if (message[0] === messageType.acknowledge) former = message
    }

    protected override sent(message: Uint8Array): void {
      const stale = this.#stale
      if (stale === undefined || !isCounted(message)) return
      this.#stale = undefined
      queueMicrotask(() => this.forge(stale))
    }
  }
}
