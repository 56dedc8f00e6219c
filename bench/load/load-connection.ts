import { encodeSyncStep1, encodeSyncStep2 } from '../../protocol/codec.js'
import { extensionProtocol, messageType } from '../../protocol/message.js'
import type { Environment } from '../../runtime/environment.js'
import { emptyUpdate } from '../raw-client.js'
import { binaryFrame } from './client-frame.js'
import type { Dialect } from './dialect.js'
import { LoadSocket } from './load-socket.js'

/** What a connection asks of its client, and tells it. Bytes are valid during the call. */
export interface ConnectionHost {
  /** What the client has, in `Y.encodeStateVector` form. */
  stateVector(): Uint8Array
  /** What the client has written and a server at `stateVector` lacks; how many edits that makes. */
  writtenSince(stateVector: Uint8Array): { readonly update: Uint8Array; readonly edits: number }
  received(bytes: Uint8Array, start: number, end: number): void
  receivedPresence(bytes: Uint8Array, start: number, end: number): void
  opened(): void
  synced(): void
  /** The server has taken the client's first `edits` edits. */
  settled(edits: number): void
  rejected(): void
  closed(code: number, reason: string): void
}

export interface ConnectionOptions {
  readonly environment: Environment
  readonly url: string
  readonly document: string
  readonly dialect: Dialect
  readonly asksExtension: boolean
}

const SYNC_STEP_1 = 0
const SYNC_STEP_2 = 1
const emptyAnswer = encodeSyncStep2(emptyUpdate)

/** One connection of a load client, from its upgrade to its end: the protocol, and no more. */
export class LoadConnection {
  readonly #options: ConnectionOptions
  readonly #host: ConnectionHost
  readonly #socket: LoadSocket
  readonly #prefix: Uint8Array
  /** For each frame with an update that was sent: how many edits it completes. */
  readonly #bounds: number[] = []
  #settledFrames = 0
  #isLive = false
  /** Where the reading of a message stands. */
  #position = 0

  constructor(options: ConnectionOptions, host: ConnectionHost) {
    this.#options = options
    this.#host = host
    this.#prefix = options.dialect.prefix(options.document)
    this.#socket = new LoadSocket(
      {
        environment: options.environment,
        url: options.url,
        path: options.dialect.path(options.document),
        subprotocol: options.asksExtension ? extensionProtocol : undefined,
      },
      {
        open: () => this.#open(),
        message: (bytes, start, end) => this.#receive(bytes, start, end),
        close: (code, reason) => {
          this.#isLive = false
          host.closed(code, reason)
        },
      },
    )
  }

  /** Whether the server has what was written before, so that edits may follow one by one. */
  get isLive(): boolean {
    return this.#isLive
  }

  get socket(): LoadSocket {
    return this.#socket
  }

  /** Sends frames of one update each; `bounds` says how many edits are made with each of them. */
  sendEdits(frames: Uint8Array, bounds: readonly number[]): void {
    this.#bounds.push(...bounds)
    this.#socket.write(frames)
  }

  sendMessage(message: Uint8Array): void {
    this.#socket.write(binaryFrame(this.#prefix, message))
  }

  #open(): void {
    const { dialect, document } = this.#options
    this.#host.opened()
    for (const message of dialect.opening(document)) this.#socket.write(binaryFrame(message))
    this.sendMessage(encodeSyncStep1(this.#host.stateVector()))
  }

  #receive(bytes: Uint8Array, start: number, end: number): void {
    this.#position = start + this.#prefix.length
    if (this.#position >= end) return
    const type = this.#readVarUint(bytes)
    switch (type) {
      case messageType.sync:
        this.#receiveSync(bytes, end)
        break
      case messageType.awareness:
        this.#readVarUint(bytes)
        this.#host.receivedPresence(bytes, this.#position, end)
        break
      case messageType.acknowledge:
        this.#settle(this.#readVarUint(bytes))
        break
      case messageType.reject:
        this.#host.rejected()
        break
      case this.#options.dialect.statusType:
        if (this.#readVarUint(bytes) === 1) this.#settle(this.#settledFrames + 1)
        else this.#host.rejected()
        break
    }
  }

  #receiveSync(bytes: Uint8Array, end: number): void {
    const step = this.#readVarUint(bytes)
    this.#readVarUint(bytes)
    if (step === SYNC_STEP_1) {
      this.#answer(bytes.subarray(this.#position, end))
    } else {
      this.#host.received(bytes, this.#position, end)
      if (step === SYNC_STEP_2) this.#host.synced()
    }
  }

  #answer(stateVector: Uint8Array): void {
    const { update, edits } = this.#host.writtenSince(stateVector)
    this.#bounds.push(edits)
    this.sendMessage(edits === 0 ? emptyAnswer : encodeSyncStep2(update))
    this.#isLive = true
  }

  #settle(frames: number): void {
    const bound = this.#bounds[frames - 1]
    this.#settledFrames = Math.max(this.#settledFrames, frames)
    if (bound !== undefined) this.#host.settled(bound)
  }

  #readVarUint(bytes: Uint8Array): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[this.#position++]
      if (byte === undefined) throw new Error('expected a whole message, got a cut one')
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
}
