import { decodeServerMessage } from '../../../protocol/codec.js'
import { encodeAcknowledge } from '../../../protocol/extension-codec.js'
import { messageType } from '../../../protocol/message.js'
import { MessageBatch } from '../../../runtime/message-batch.js'
import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'

export const acknowledgementTooHigh: Mutant = {
  name: 'acknowledgement-too-high',
  what: 'an acknowledgement counts one frame more than is durable',
  caughtBy: ['acknowledged-durable', 'acknowledged-kept'],
  needs: { extendedEditors: 2, editEveryMs: 300, faults: { 'disk-slow': 3_000 } },
  sockets: () => (inner) => new GenerousSocket(inner),
}

class GenerousSocket extends ForwardingSocket {
  override send(batch: MessageBatch): void {
    super.send(new MessageBatch(batch.messages.map(raise)))
  }
}

function raise(message: Uint8Array): Uint8Array {
  if (message[0] !== messageType.acknowledge) return message
  const decoded = decodeServerMessage(message)
  if (decoded.type !== 'acknowledge') return message
  return encodeAcknowledge({ count: decoded.count + 1, position: decoded.position })
}
