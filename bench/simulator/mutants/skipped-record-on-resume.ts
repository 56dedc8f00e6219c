import { messageType } from '../../../protocol/message.js'
import { MessageBatch } from '../../../runtime/message-batch.js'
import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'
import { isStep2, isUpdate } from './message-kinds.js'

export const skippedRecordOnResume: Mutant = {
  name: 'skipped-record-on-resume',
  what: 'a client that comes back goes on one record too late',
  caughtBy: ['answers-complete', 'replicas-equal', 'nothing-pending'],
  needs: { cairnEditors: 3, leaveEveryMs: 4_000 },
  sockets: () => (inner) => new HastySocket(inner),
}

class HastySocket extends ForwardingSocket {
  #isResuming = false

  protected override receive(message: Uint8Array): void {
    if (message[0] === messageType.resume) this.#isResuming = true
    super.receive(message)
  }

  /** Without the first record of the answer to sync step 1. */
  override send(batch: MessageBatch): void {
    const { messages } = batch
    if (!this.#isResuming || !messages.some(isStep2)) {
      super.send(batch)
      return
    }
    this.#isResuming = false
    const first = messages.findIndex(isUpdate)
    super.send(new MessageBatch(messages.filter((_message, index) => index !== first)))
  }
}
