import * as Y from 'yjs'
import type { Environment } from '../runtime/environment.js'
import { AcknowledgedWriter } from './acknowledged-writer.js'
import { KillWitness } from './kill-witness.js'
import { RawClient } from './raw-client.js'
import { ShownObserver } from './shown-observer.js'
import { StockLink, type StockProvider } from './stock-provider.js'
import { Typist } from './typist.js'
import { waitUntil } from './wait-until.js'

export interface KillDocumentOptions {
  readonly name: string
  readonly serverUrl: string
  readonly clients: number
  readonly environment: Environment
  readonly random: () => number
  readonly Provider: StockProvider
  readonly deadlineMs: number
  /** Called for each update frame that the observer is shown. */
  readonly onShown: () => void
}

interface Participant {
  readonly doc: Y.Doc
  readonly link: StockLink
  readonly typist: Typist
}

/** One document of the kill campaign, with those who write to it and those who watch it. */
export class KillDocument {
  readonly witness = new KillWitness()
  readonly #options: KillDocumentOptions
  readonly #participants: readonly Participant[]
  readonly #writer: AcknowledgedWriter
  readonly #writerTypist: Typist
  #observer: ShownObserver | undefined

  constructor(options: KillDocumentOptions) {
    const { name, serverUrl, clients, environment, random, Provider } = options
    this.#options = options
    this.#participants = Array.from({ length: clients }, () => {
      const doc = new Y.Doc()
      const link = new StockLink(Provider, serverUrl, name, doc, { connect: false })
      return { doc, link, typist: new Typist(doc, environment, random) }
    })
    this.#writer = new AcknowledgedWriter(this.witness)
    this.#writerTypist = new Typist(this.#writer.doc, environment, random)
  }

  get acknowledged(): number {
    return this.#writer.acknowledged
  }

  get rejections(): readonly string[] {
    return this.#writer.rejections
  }

  /** Connects everybody, waits until the stock clients are synced, and lets them type. */
  async start(): Promise<void> {
    const { name, serverUrl, onShown } = this.#options
    this.#observer = new ShownObserver(serverUrl, name, this.witness, onShown)
    await this.#observer.open()
    await this.#writer.connect(serverUrl, name)
    await this.#connectParticipants()
    for (const { typist } of this.#participants) typist.start()
    this.#writerTypist.start()
  }

  /** Once the server is gone: resolves when nothing more can arrive from it, and nobody returns. */
  async settle(): Promise<void> {
    for (const { typist, link } of this.#participants) {
      typist.stop()
      link.provider.disconnect()
    }
    this.#writerTypist.stop()
    await Promise.all([this.#observer?.closed(), this.#writer.closed()])
  }

  /**
   * What the server has lost of all that was ever shown or acknowledged. Nobody who still has it is
   * connected, so only what the server kept can be in the answer.
   */
  async losses(): Promise<readonly string[]> {
    const { environment, name, serverUrl, deadlineMs } = this.#options
    const doc = new Y.Doc()
    const client = new RawClient(serverUrl, name)
    let isSynced = false
    client.handle((message) => {
      if (message.type === 'update' || message.type === 'sync-step-2') {
        Y.applyUpdate(doc, message.update)
      }
      isSynced ||= message.type === 'sync-step-2'
    })
    try {
      await client.opened
      client.requestEverything()
      await waitUntil(
        () => isSynced,
        (check) => client.onChange(check),
        { environment, deadlineMs, describe: () => `a fresh client is synced, ${name}` },
      )
      return this.witness.lossesIn(doc).map((loss) => `${name}: ${loss}`)
    } finally {
      client.terminate()
      doc.destroy()
    }
  }

  /** Lets everybody back without typing, and waits until all replicas are equal. */
  async converge(): Promise<void> {
    const { environment, name, serverUrl, deadlineMs } = this.#options
    await this.#writer.connect(serverUrl, name)
    await this.#connectParticipants()
    const docs = [this.#writer.doc, ...this.#participants.map(({ doc }) => doc)]
    const snapshots = () => docs.map((doc) => Y.snapshot(doc))
    await waitUntil(
      () => {
        const [first, ...others] = snapshots()
        return first === undefined || others.every((other) => Y.equalSnapshots(first, other))
      },
      (check) => {
        for (const doc of docs) doc.on('update', check)
        return () => {
          for (const doc of docs) doc.off('update', check)
        }
      },
      { environment, deadlineMs, describe: () => `all replicas of ${name} are equal` },
    )
  }

  destroy(): void {
    for (const { typist, link, doc } of this.#participants) {
      typist.stop()
      link.close()
      doc.destroy()
    }
    this.#writerTypist.stop()
    this.#writer.destroy()
    this.#observer?.close()
  }

  async #connectParticipants(): Promise<void> {
    const { environment, name, deadlineMs } = this.#options
    for (const { link } of this.#participants) link.provider.connect()
    await Promise.all(
      this.#participants.map(({ link }) =>
        waitUntil(
          () => link.isOnline,
          (check) => link.onChange(check),
          { environment, deadlineMs, describe: () => `a stock client of ${name} is synced` },
        ),
      ),
    )
  }
}
