import * as Y from 'yjs'
import { encodeStateVector } from '../../protocol/state-vector.js'
import type { Environment, Timer } from '../../runtime/environment.js'
import { emptyUpdate } from '../raw-client.js'
import type { DeliveryReader } from './delivery-reader.js'
import type { Dialect } from './dialect.js'
import type { EditSchedule } from './edit-schedule.js'
import type { EditScript } from './edit-script.js'
import type { FramedScript } from './framed-script.js'
import { type ConnectionHost, LoadConnection } from './load-connection.js'
import type { LoadMeasures } from './load-measures.js'
import { presenceMessage, readPresence } from './presence-state.js'
import { Receipts } from './receipts.js'

export interface ClientOptions {
  readonly environment: Environment
  readonly url: string
  readonly document: string
  readonly dialect: Dialect
  /** Whether authors ask for acknowledgements. */
  readonly asksExtension: boolean
  readonly scripts: readonly EditScript[]
  readonly reader: DeliveryReader
  readonly schedule: EditSchedule
  /** Number of the document's first editor among all editors. */
  readonly firstEditor: number
  /** Number in the document, and what it sends; undefined for an observer. */
  readonly author: { readonly editor: number; readonly framed: FramedScript } | undefined
  readonly isWitness: boolean
  /** Whether it stops reading by itself, so that its latencies say nothing of the server. */
  readonly isSlow: boolean
  readonly measures: LoadMeasures
  /** When the load began on the clock of `environment`. */
  readonly startedAt: () => number
}

const firstBackoffMs = 100
const largestBackoffMs = 2_500
/** Bytes that one write of an editor without a rate holds. */
const blastBytes = 32_768

/**
 * One client of a load: it joins a document, sends what its script says, and counts what it
 * receives. It keeps no Y.Doc; what it has is a number for each editor of the document.
 */
export class LoadClient {
  readonly receipts: Receipts
  /** What a witness received, in order. */
  readonly kept: Uint8Array[] = []
  /** Edits of its own that it has made. */
  made = 0
  /** Edits of its own that the server has taken. */
  acknowledged = 0
  /** When the last edit came that it had not; undefined before the first. */
  lastDeliveryAt: number | undefined
  readonly #options: ClientOptions
  readonly #host: ConnectionHost
  #connection: LoadConnection | undefined
  #state: 'idle' | 'joining' | 'synced' | 'left' = 'idle'
  #isOpen = false
  #isPaused = false
  #isCut = false
  /** Since when it is not synced. */
  #lostAt = 0
  #hasJoined = false
  #attempts = 0
  #retry: Timer | undefined
  #onJoined: () => void = () => undefined
  #presenceClock = 0
  /** When the message that is being read came. */
  #now = 0

  constructor(options: ClientOptions) {
    this.#options = options
    this.receipts = new Receipts(options.scripts.length)
    this.#host = {
      stateVector: () => this.#stateVector(),
      writtenSince: (stateVector) => this.#writtenSince(stateVector),
      received: (bytes, start, end) => this.#received(bytes, start, end),
      receivedPresence: (bytes, start, end) => this.#receivedPresence(bytes, start, end),
      opened: () => this.#opened(),
      synced: () => this.#synced(),
      settled: (edits) => this.#settled(edits),
      rejected: () => {
        options.measures.rejected++
      },
      closed: (code, reason) => this.#closed(code, reason),
    }
  }

  get document(): string {
    return this.#options.document
  }

  get editor(): number | undefined {
    return this.#options.author?.editor
  }

  /** Whether it was synced at any time; a link may have taken the connection since. */
  get hasJoined(): boolean {
    return this.#hasJoined
  }

  /** Whether it is still on its way back from the last cut; one that does not read is not. */
  get isReturning(): boolean {
    return this.#isCut && !this.#isPaused && this.#state !== 'left'
  }

  /** How many edits of others it lacks once all are made. */
  get missing(): number {
    const { contiguous } = this.receipts
    const all = this.#options.schedule.editsEach
    let missing = 0
    for (let editor = 0; editor < contiguous.length; editor++) {
      if (editor !== this.editor) missing += all - (contiguous[editor] as number)
    }
    return missing
  }

  /** Bytes over the connection that stands; those of earlier ones are in the measures. */
  get openBytes(): { readonly received: number; readonly sent: number } {
    const socket = this.#connection?.socket
    return { received: socket?.bytesRead ?? 0, sent: socket?.bytesWritten ?? 0 }
  }

  /**
   * Connects, and goes on connecting when the connection is lost. Resolves at the first sync, or
   * when the server closes it for good.
   */
  join(): Promise<void> {
    return new Promise((resolve) => {
      this.#onJoined = resolve
      this.#lostAt = this.#options.environment.now()
      this.#connect()
    })
  }

  /** Loses the connection without a word and connects again at once. */
  cut(): void {
    if (this.#state === 'left') return
    this.#isCut = true
    this.#connection?.socket.destroy()
  }

  leave(): void {
    this.#state = 'left'
    this.#retry?.cancel()
    this.#connection?.socket.close()
  }

  /** What the server sends from now on waits in the network, and then in the server. */
  pause(): void {
    this.#isPaused = true
    this.#connection?.socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#connection?.socket.resume()
  }

  /** Makes the next edit; without a connection it goes with the next sync, as with any client. */
  makeEdit(): void {
    const { author } = this.#options
    if (author === undefined) return
    const edit = this.made++
    if (this.#connection?.isLive === true) {
      this.#connection.sendEdits(author.framed.frames(edit, edit + 1), [edit + 1])
    }
  }

  /** Makes as many edits as the connection takes. */
  makeEdits(): void {
    const { author, schedule } = this.#options
    while (
      author !== undefined &&
      this.#connection?.isLive === true &&
      !this.#connection.socket.isFull &&
      this.made < schedule.editsEach
    ) {
      const from = this.made
      this.made = author.framed.editAfter(from, blastBytes)
      const bounds = Array.from({ length: this.made - from }, (_, index) => from + index + 1)
      this.#connection.sendEdits(author.framed.frames(from, this.made), bounds)
    }
  }

  /** Says where its cursor is; `atMs` is when that was due, since the load began. */
  movePresence(atMs: number): void {
    const { author, measures } = this.#options
    if (author === undefined || this.#connection?.isLive !== true) return
    this.#presenceClock++
    measures.presenceSent++
    const { clientID } = author.framed.script
    this.#connection.sendMessage(presenceMessage(clientID, this.#presenceClock, atMs * 1_000))
  }

  #connect(): void {
    const { author, asksExtension } = this.#options
    this.#state = 'joining'
    this.#connection = new LoadConnection(
      { ...this.#options, asksExtension: asksExtension && author !== undefined },
      this.#host,
    )
  }

  #opened(): void {
    const { measures } = this.#options
    this.#isOpen = true
    measures.connected++
    measures.connections++
    if (this.#isPaused) this.#connection?.socket.pause()
  }

  #synced(): void {
    const { environment, measures, isSlow } = this.#options
    if (this.#state !== 'joining') return
    this.#state = 'synced'
    this.#isCut = false
    this.#attempts = 0
    const times = this.#hasJoined ? measures.reconnect : measures.join
    if (!isSlow || !this.#isPaused) times.record(environment.now() - this.#lostAt)
    this.#hasJoined = true
    this.#onJoined()
  }

  #closed(code: number, reason: string): void {
    const { environment, measures, document } = this.#options
    measures.bytesReceived += this.#connection?.socket.bytesRead ?? 0
    measures.bytesSent += this.#connection?.socket.bytesWritten ?? 0
    this.#connection = undefined
    if (this.#isOpen) measures.connected--
    this.#isOpen = false
    if (this.#state === 'left') return
    const wasCut = reason === 'cut'
    if (!wasCut) measures.closes.set(code, (measures.closes.get(code) ?? 0) + 1)
    if (code >= 4400 && code <= 4499) {
      this.#state = 'left'
      measures.addProblem(`a client of ${document} was closed for good: ${code} ${reason}`)
      this.#onJoined()
      return
    }
    if (this.#state === 'synced') this.#lostAt = environment.now()
    this.#state = 'joining'
    const backoff = Math.min(largestBackoffMs, firstBackoffMs * 2 ** Math.min(this.#attempts, 6))
    this.#attempts++
    const delay = wasCut ? 0 : backoff * (0.5 + environment.random() / 2)
    this.#retry = environment.setTimer(() => this.#connect(), delay)
  }

  #received(bytes: Uint8Array, start: number, end: number): void {
    const { environment, reader, isWitness } = this.#options
    this.#now = environment.now()
    if (isWitness) this.kept.push(bytes.slice(start, end))
    reader.read(bytes, start, end, this.#onEdit)
  }

  readonly #onEdit = (editor: number, edit: number): void => {
    const { measures, author, schedule, firstEditor, startedAt, isSlow } = this.#options
    if (editor === author?.editor) {
      measures.echoed++
    } else if (this.receipts.take(editor, edit)) {
      measures.delivered++
      this.lastDeliveryAt = this.#now
      if (isSlow) return
      measures.latency.record(this.#now - startedAt() - schedule.dueAt(firstEditor + editor, edit))
    } else {
      measures.repeated++
    }
  }

  #receivedPresence(bytes: Uint8Array, start: number, end: number): void {
    const { environment, measures, author, startedAt, isSlow } = this.#options
    if (isSlow) return
    const now = environment.now() - startedAt()
    readPresence(bytes, start, end, (clientID, atUs) => {
      if (clientID === author?.framed.script.clientID) return
      measures.presenceDelivered++
      measures.presenceLatency.record(now - atUs / 1_000)
    })
  }

  #settled(edits: number): void {
    const { environment, measures, schedule, firstEditor, author, startedAt } = this.#options
    const now = environment.now() - startedAt()
    for (; this.acknowledged < edits; this.acknowledged++) {
      const due = schedule.dueAt(firstEditor + (author?.editor ?? 0), this.acknowledged)
      measures.acknowledged++
      measures.acknowledgeLatency.record(now - due)
    }
  }

  #stateVector(): Uint8Array {
    const clocks = new Map<number, number>()
    for (const [editor, script] of this.#options.scripts.entries()) {
      const edits = editor === this.editor ? this.made : (this.receipts.contiguous[editor] ?? 0)
      const clock = edits === 0 ? 0 : (script.clockTo[edits - 1] ?? 0)
      if (clock > 0) clocks.set(script.clientID, clock)
    }
    return encodeStateVector(clocks)
  }

  #writtenSince(stateVector: Uint8Array): { update: Uint8Array; edits: number } {
    const { author } = this.#options
    if (author === undefined || this.made === 0) return { update: emptyUpdate, edits: 0 }
    const written = Y.mergeUpdates(author.framed.script.updates.slice(0, this.made))
    return { update: Y.diffUpdate(written, stateVector), edits: this.made }
  }
}
