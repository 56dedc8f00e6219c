import { MessageBatch } from '../../../runtime/message-batch.js'
import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'
import { isUpdate } from './message-kinds.js'

export const skippedRecordAfterLag: Mutant = {
  name: 'skipped-record-after-lag',
  what: 'a connection that lagged goes on one record too late',
  caughtBy: ['replicas-equal', 'nothing-pending', 'answers-complete'],
  needs: {
    networkBytes: 4_096,
    faults: { 'slow-reader': 2_000 },
    edits: { type: 5, erase: 1, format: 0, map: 0, array: 0, xml: 0, undo: 0, paste: 8 },
    leaveEveryMs: 0,
    links: ['lan'],
  },
  sockets: () => (inner) => new SkippingSocket(inner),
}

class SkippingSocket extends ForwardingSocket {
  #hasLagged = false

  override awaitDrain(): void {
    this.#hasLagged = true
    super.awaitDrain()
  }

  override send(batch: MessageBatch): void {
    const index = batch.messages.findIndex(isUpdate)
    if (!this.#hasLagged || index === -1) {
      super.send(batch)
      return
    }
    this.#hasLagged = false
    super.send(new MessageBatch(batch.messages.filter((_message, at) => at !== index)))
  }
}
