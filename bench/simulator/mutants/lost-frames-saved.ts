import { decodeServerMessage } from '../../../protocol/codec.js'
import { encodeAcknowledge } from '../../../protocol/extension-codec.js'
import { messageType } from '../../../protocol/message.js'
import type { WebSocketConstructor } from '../client-web-socket.js'
import { ForwardingWebSocket } from '../forwarding-web-socket.js'
import type { Mutant } from '../mutant.js'
import { isCounted } from './message-kinds.js'

export const lostFramesSaved: Mutant = {
  name: 'lost-frames-saved',
  what: 'a client takes what was lost with its connection for saved',
  caughtBy: ['saved-durable'],
  needs: { cairnEditors: 3, editEveryMs: 300, faults: { 'link-trouble': 2_000, crash: 5_000 } },
  clientSockets: trustInTheNetwork,
}

function trustInTheNetwork(Inner: WebSocketConstructor): WebSocketConstructor {
  return class TrustingWebSocket extends ForwardingWebSocket {
    #count = 0
    #position: Uint8Array | undefined

    constructor(url: string, protocols?: string | readonly string[]) {
      super(new Inner(url, protocols))
    }

    protected override received(message: Uint8Array): void {
      if (message[0] !== messageType.acknowledge) return
      const decoded = decodeServerMessage(message)
      if (decoded.type === 'acknowledge') this.#position = decoded.position
    }

    protected override sent(message: Uint8Array): void {
      if (isCounted(message)) this.#count++
    }

    protected override closing(): void {
      if (this.#position === undefined) return
      this.forge(encodeAcknowledge({ count: this.#count, position: this.#position }))
    }
  }
}
