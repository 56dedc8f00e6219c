import { encodeSyncStep2 } from '../../../protocol/codec.js'
import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'
import { isStep1 } from './message-kinds.js'

export const answerBeforeLoad: Mutant = {
  name: 'answer-before-load',
  what: 'sync step 1 is answered with nothing before the document is open',
  caughtBy: ['answers-complete'],
  sockets: () => (inner) => new EagerSocket(inner),
}

class EagerSocket extends ForwardingSocket {
  protected override receive(message: Uint8Array): void {
    if (isStep1(message)) this.sendExtra(encodeSyncStep2(Uint8Array.of(0, 0)))
    super.receive(message)
  }
}
