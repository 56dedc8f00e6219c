import { decodeServerMessage } from '../../protocol/codec.js'
import type { MessageBatch } from '../../runtime/message-batch.js'
import type { MessageSocket } from '../../runtime/message-socket.js'
import { ForwardingSocket } from './forwarding-socket.js'
import type { SimulatedProcess } from './simulated-process.js'
import type { World } from './world.js'

interface SentMessage {
  readonly update: Uint8Array | undefined
  readonly isStep2: boolean
}

const read = new WeakMap<Uint8Array, SentMessage>()

/** Tells the checkers what the server writes to a connection, once for each turn. */
export class ObservedSocket extends ForwardingSocket {
  /** Known as soon as the server has accepted the socket. */
  connectionId = ''
  readonly #world: World
  readonly #documentName: string
  readonly #process: SimulatedProcess
  #turn: SentMessage[] = []

  constructor(
    inner: MessageSocket,
    world: World,
    {
      documentName,
      process,
    }: { readonly documentName: string; readonly process: SimulatedProcess },
  ) {
    super(inner)
    this.#world = world
    this.#documentName = documentName
    this.#process = process
  }

  override send(batch: MessageBatch): void {
    const wasDrained = super.isDrained
    super.send(batch)
    // What a process does after its death, or dies over, reaches nobody.
    if (!this.#process.isAlive) return
    if (this.#turn.length === 0) this.#world.time.after(0, () => this.#endTurn(wasDrained))
    for (const message of batch.messages) this.#turn.push(readMessage(message))
  }

  #endTurn(wasDrained: boolean): void {
    const turn = this.#turn
    this.#turn = []
    const updates = turn.flatMap(({ update }) => (update === undefined ? [] : [update]))
    if (updates.length === 0) return
    const { connectionId } = this
    const isAnswer = turn.some(({ isStep2 }) => isStep2)
    const sent = { documentName: this.#documentName, connectionId, isAnswer, wasDrained, updates }
    this.#world.check((checker) => checker.sent?.(sent))
  }
}

/** The same bytes go to many connections, so they are read once. */
function readMessage(message: Uint8Array): SentMessage {
  const known = read.get(message)
  if (known !== undefined) return known
  const decoded = decodeServerMessage(message)
  const isStep2 = decoded.type === 'sync-step-2'
  const update = isStep2 || decoded.type === 'update' ? decoded.update : undefined
  const result = { update, isStep2 }
  read.set(message, result)
  return result
}
