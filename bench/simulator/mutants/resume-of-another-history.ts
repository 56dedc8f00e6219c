import { decodeClientMessage, decodeServerMessage } from '../../../protocol/codec.js'
import { encodeResume } from '../../../protocol/extension-codec.js'
import { messageType } from '../../../protocol/message.js'
import type { MessageBatch } from '../../../runtime/message-batch.js'
import type { MessageSocket } from '../../../runtime/message-socket.js'
import { readPosition } from '../../../server/position.js'
import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'

export const resumeOfAnotherHistory: Mutant = {
  name: 'resume-of-another-history',
  what: 'a position counts in the log as it is, whatever log it was told of',
  caughtBy: ['answers-complete', 'replicas-equal', 'nothing-pending'],
  needs: {
    faultyMs: 15_000,
    documents: 1,
    editors: 1,
    extendedEditors: 0,
    cairnEditors: 4,
    cairnReaders: 0,
    readers: 0,
    hostiles: 0,
    links: ['lan'],
    leaveEveryMs: 2_000,
    editEveryMs: 800,
    edits: { type: 4, erase: 12, format: 0, map: 2, array: 2, xml: 0, undo: 0, paste: 0 },
    durability: 'os',
    isAuthenticated: false,
    faults: { 'power-cut': 4_000 },
  },
  sockets: (time) => {
    const positions: Positions = new Map()
    const defer = (callback: () => void) => time.after(0, callback)
    return (inner, documentName) => {
      const told = positions.get(documentName) ?? new Map()
      positions.set(documentName, told)
      return new CredulousSocket(inner, told, defer)
    }
  },
}

/** What the present server has told of each document, by sequence. */
type Positions = Map<string, Map<number, Uint8Array>>

class CredulousSocket extends ForwardingSocket {
  readonly #told: Map<number, Uint8Array>
  readonly #defer: (callback: () => void) => void
  #epoch: Uint8Array | undefined
  /** A resume that came before hello, and what came after it: the epoch is not known here. */
  #early: Uint8Array[] = []

  constructor(
    inner: MessageSocket,
    told: Map<number, Uint8Array>,
    defer: (callback: () => void) => void,
  ) {
    super(inner)
    this.#told = told
    this.#defer = defer
  }

  override send(batch: MessageBatch): void {
    for (const message of batch.messages) this.#learn(message)
    super.send(batch)
    const epoch = this.#epoch
    if (epoch === undefined || this.#early.length === 0) return
    this.#defer(() => {
      for (const message of this.#early.splice(0)) super.receive(this.#believe(message, epoch))
    })
  }

  protected override receive(message: Uint8Array): void {
    if (this.#early.length > 0) {
      this.#early.push(message)
    } else if (message[0] === messageType.resume && this.#epoch === undefined) {
      this.#early.push(message)
    } else {
      super.receive(this.#epoch === undefined ? message : this.#believe(message, this.#epoch))
    }
  }

  #learn(message: Uint8Array): void {
    const [type] = message
    const isTelling =
      type === messageType.hello ||
      type === messageType.acknowledge ||
      type === messageType.position
    const decoded = isTelling ? decodeServerMessage(message) : undefined
    if (decoded === undefined || !('position' in decoded)) return
    if (decoded.type === 'hello') this.#epoch = decoded.epoch
    const sequence = readPosition(decoded.position)?.sequence
    if (sequence !== undefined) this.#told.set(sequence, decoded.position)
  }

  #believe(message: Uint8Array, epoch: Uint8Array): Uint8Array {
    if (message[0] !== messageType.resume) return message
    const decoded = decodeClientMessage(message)
    if (decoded.type !== 'resume') return message
    const sequence = readPosition(decoded.position)?.sequence
    const position = sequence === undefined ? undefined : this.#told.get(sequence)
    return position === undefined ? message : encodeResume({ epoch, position })
  }
}
