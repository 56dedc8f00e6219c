import * as Y from 'yjs'
import { encodeSyncStep1, encodeSyncStep2, encodeUpdate } from '../protocol/codec.js'
import type { ServerMessage } from '../protocol/message.js'
import type { KillWitness } from './kill-witness.js'
import { RawClient } from './raw-client.js'
import { readUpdateContents, type UpdateContents } from './update-contents.js'

/**
 * Writes to one document over the extension and tells the witness of each edit once the server has
 * acknowledged it. What was not acknowledged goes out again with the next connection.
 */
export class AcknowledgedWriter {
  readonly doc = new Y.Doc()
  readonly #witness: KillWitness
  #client: RawClient | undefined
  /** Contents of the frames sent on this connection that are not acknowledged, in order. */
  #sent: UpdateContents[] = []
  #acknowledgedHere = 0
  #acknowledged = 0
  readonly #rejections: string[] = []

  constructor(witness: KillWitness) {
    this.#witness = witness
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#send(update, encodeUpdate)
    })
  }

  /** Update frames that were acknowledged, over all connections. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** What the server refused, which it has no reason to. */
  get rejections(): readonly string[] {
    return this.#rejections
  }

  async connect(serverUrl: string, name: string): Promise<void> {
    const client = new RawClient(serverUrl, name, { extension: true })
    this.#client = client
    this.#sent = []
    this.#acknowledgedHere = 0
    client.handle((message) => this.#receive(message))
    await client.opened
    client.send(encodeSyncStep1(Y.encodeStateVector(this.doc)))
  }

  /** Resolves once the connection is gone and everything that had reached this side is handled. */
  async closed(): Promise<void> {
    await this.#client?.closed
  }

  destroy(): void {
    this.#client?.terminate()
    this.doc.destroy()
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'sync-step-1':
        this.#send(Y.encodeStateAsUpdate(this.doc, message.stateVector), encodeSyncStep2)
        break
      case 'sync-step-2':
      case 'update':
        this.#witness.seeUpdate(message.update)
        Y.applyUpdate(this.doc, message.update, this)
        break
      case 'acknowledge':
        this.#settle(message.count)
        break
      case 'reject':
        this.#rejections.push(`frame ${message.frame}: ${message.code}: ${message.reason}`)
        break
      default:
    }
  }

  #send(update: Uint8Array, encode: (update: Uint8Array) => Uint8Array): void {
    if (this.#client?.send(encode(update)) === true) this.#sent.push(readUpdateContents(update))
  }

  #settle(count: number): void {
    const settled = this.#sent.splice(0, count - this.#acknowledgedHere)
    this.#acknowledgedHere = count
    this.#acknowledged += settled.length
    for (const contents of settled) this.#witness.see(contents)
  }
}
