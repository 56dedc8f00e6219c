import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { createRandom } from '../runtime/seeded-random.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { generateTrace } from './trace-generator.js'
import { chooseClientIDs } from './trace-order.js'
import { planTrace } from './trace-plan.js'
import { type AuthorLink, TraceReplay } from './trace-replay.js'

/** A network without a server: updates reach the other documents in later turns, or not at all. */
class Hub {
  readonly #doc = new Y.Doc()
  readonly #links = new Set<HubLink>()

  connect(doc: Y.Doc): HubLink {
    const link = new HubLink(doc, (update) => this.#relay(update))
    this.#links.add(link)
    return link
  }

  cut(): void {
    for (const link of this.#links) link.isOnline = false
  }

  restore(): void {
    for (const link of this.#links) {
      link.isOnline = true
      this.#relay(Y.encodeStateAsUpdate(link.doc))
      link.deliver(Y.encodeStateAsUpdate(this.#doc))
      link.announce()
    }
  }

  #relay(update: Uint8Array): void {
    Y.applyUpdate(this.#doc, update)
    for (const link of this.#links) systemEnvironment.defer(() => link.deliver(update))
  }
}

class HubLink implements AuthorLink {
  isOnline = true
  readonly doc: Y.Doc
  readonly #listeners = new Set<() => void>()
  readonly #send: (update: Uint8Array, origin: unknown) => void

  constructor(doc: Y.Doc, relay: (update: Uint8Array) => void) {
    this.doc = doc
    this.#send = (update, origin) => {
      if (this.isOnline && origin !== this) relay(update)
    }
    doc.on('update', this.#send)
  }

  deliver(update: Uint8Array): void {
    if (this.isOnline) Y.applyUpdate(this.doc, update, this)
  }

  announce(): void {
    for (const listener of this.#listeners) listener()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.doc.off('update', this.#send)
  }
}

describe('TraceReplay', () => {
  test.each([1, 2, 3, 4, 5])(
    'arrives at the end content over a network that fails, seed %i',
    async (seed) => {
      const trace = generateTrace({ seed, agents: 1 + (seed % 4), transactions: 300 })
      const plan = planTrace(trace)
      const random = createRandom(seed)
      const hub = new Hub()
      const replay = new TraceReplay(plan, {
        environment: systemEnvironment,
        clientIDs: chooseClientIDs(plan),
        connect: (author) => hub.connect(author.doc),
        offlineBudget: 5,
        onWritten: () => {
          if (random() > 0.05) return
          hub.cut()
          systemEnvironment.defer(() => systemEnvironment.defer(() => hub.restore()))
        },
      })
      await replay.run()
      expect(replay.written).toBe(300)
      for (const author of replay.authors) {
        expect(author.documentText).toBe(trace.endContent)
        expect(author.deskText).toBe(trace.endContent)
      }
      replay.close()
    },
  )

  test('fails, and says who waits for what, when nothing arrives any more', async () => {
    const plan = planTrace({
      endContent: 'ab',
      agents: 2,
      transactions: [
        { agent: 0, parents: [], patches: [{ position: 0, deleted: 0, inserted: 'a' }] },
        { agent: 1, parents: [0], patches: [{ position: 1, deleted: 0, inserted: 'b' }] },
      ],
    })
    const replay = new TraceReplay(plan, {
      environment: systemEnvironment,
      clientIDs: [1, 2],
      connect: () => ({ isOnline: true, onChange: () => () => undefined, close: () => undefined }),
      deadlineMs: 20,
    })
    await expect(replay.run()).rejects.toThrow(
      'author 0 1/1 online; author 1 0/1 online, needs 1 of author 0',
    )
    replay.close()
  })
})
