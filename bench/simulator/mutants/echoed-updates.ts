import { encodeUpdate } from '../../../protocol/codec.js'
import type { VirtualTime } from '../../../runtime/virtual-time.js'
import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'
import { updateIn } from './message-kinds.js'

/** By then it is durable, unless something else is wrong. */
const echoMs = 2_000

export const echoedUpdates: Mutant = {
  name: 'echoed-updates',
  what: 'authors get their own updates back',
  caughtBy: ['own-updates-kept-back'],
  needs: { faults: {} },
  sockets: (time) => (inner) => new EchoingSocket(inner, time),
}

class EchoingSocket extends ForwardingSocket {
  readonly #time: VirtualTime

  constructor(inner: ConstructorParameters<typeof ForwardingSocket>[0], time: VirtualTime) {
    super(inner)
    this.#time = time
  }

  protected override receive(message: Uint8Array): void {
    super.receive(message)
    const update = updateIn(message)
    if (update === undefined) return
    const echo = encodeUpdate(update)
    this.#time.after(echoMs, () => {
      if (this.isDrained) this.sendExtra(echo)
    })
  }
}
