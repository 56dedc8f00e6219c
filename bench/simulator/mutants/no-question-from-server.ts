import { MessageBatch } from '../../../runtime/message-batch.js'
import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'
import { isStep1 } from './message-kinds.js'

export const noQuestionFromServer: Mutant = {
  name: 'no-question-from-server',
  what: 'the server never asks with sync step 1 what a client wrote offline',
  caughtBy: ['replicas-equal', 'everybody-synced', 'nothing-pending', 'saved-durable'],
  sockets: () => (inner) => new IncuriousSocket(inner),
}

class IncuriousSocket extends ForwardingSocket {
  override send(batch: MessageBatch): void {
    super.send(new MessageBatch(batch.messages.filter((message) => !isStep1(message))))
  }
}
