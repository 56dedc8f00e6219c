import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { snapshotOf, updateOf } from './contract-rule.js'
import type { DocumentLog, DocumentStore } from './document-store.js'
import { levelStore } from './level-store.js'
import { memoryStore } from './memory-store.js'

const names = ['a', 'b', 'a/b']

/** What a document must hold: a label for the snapshot and one for each record after it. */
interface ModelDocument {
  head: number
  through: number
  snapshot: string | undefined
  records: string[]
}

type Step =
  | { readonly act: 'append'; readonly name: string; readonly sizes: readonly number[] }
  | {
      readonly act: 'snapshot'
      readonly name: string
      readonly back: number
      readonly size: number
    }
  | { readonly act: 'delete' | 'move' | 'closeLog'; readonly name: string }
  | { readonly act: 'reopen' }

const name = fc.constantFrom(...names)
const size = fc.oneof(
  { weight: 8, arbitrary: fc.nat(200) },
  { weight: 1, arbitrary: fc.integer({ min: 1_040_000, max: 1_060_000 }) },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('append' as const),
      name,
      sizes: fc.array(size, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('snapshot' as const), name, back: fc.nat(6), size }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constantFrom('delete', 'move', 'closeLog'), name }),
  },
  { weight: 1, arbitrary: fc.constant({ act: 'reopen' as const }) },
)

/** Does the same to a store and to the model, and compares what can be seen. */
class Run {
  readonly #model = new Map<string, ModelDocument>()
  readonly #logs = new Map<string, DocumentLog>()
  readonly #create: () => DocumentStore
  #store: DocumentStore
  #count = 0

  constructor(create: () => DocumentStore) {
    this.#create = create
    this.#store = create()
  }

  async start(): Promise<void> {
    await this.#store.open()
  }

  async close(): Promise<void> {
    await this.#store.close()
    this.#logs.clear()
  }

  async perform(next: Step): Promise<void> {
    switch (next.act) {
      case 'append':
        return this.#append(next.name, next.sizes)
      case 'snapshot':
        return this.#snapshot(next.name, next.back, next.size)
      case 'delete':
        return this.#delete(next.name)
      case 'move':
        return this.#move(next.name)
      case 'closeLog':
        return this.#closeLog(next.name)
      case 'reopen':
        await this.close()
        this.#store = this.#create()
        return this.#store.open()
    }
  }

  /** Everything that the store holds is what the model holds. */
  async check(): Promise<void> {
    expect((await this.#store.list()).map((document) => document.name)).toEqual(
      [...this.#model.keys()].sort(),
    )
    for (const [documentName, document] of this.#model) {
      const exported = await this.#store.exportDocument(documentName)
      const read = (update: Uint8Array) => `${update.length} ${update[0] ?? ''}`
      expect(exported?.snapshot?.through ?? 0).toBe(document.through)
      expect(exported?.snapshot && read(exported.snapshot.update)).toBe(document.snapshot)
      expect(exported?.records.map(({ update }) => read(update))).toEqual(document.records)
      expect((await this.#store.verify(documentName)).problems).toEqual([])
      expect((await this.#store.stat(documentName))?.head).toBe(document.head)
    }
  }

  async #append(documentName: string, sizes: readonly number[]): Promise<void> {
    const log = await this.#log(documentName)
    const document = this.#model.get(documentName) ?? {
      head: 0,
      through: 0,
      snapshot: undefined,
      records: [],
    }
    this.#model.set(documentName, document)
    const appended = sizes.map((length) => {
      const { bytes, text } = this.#bytes(length)
      document.head++
      document.records.push(text)
      const record = { update: bytes, principal: `p${length % 3}`, connection: `c${length % 2}` }
      return log.append(record)
    })
    expect((await Promise.all(appended)).at(-1)?.sequence).toBe(document.head)
    expect(log.head).toBe(document.head)
  }

  async #snapshot(documentName: string, back: number, length: number): Promise<void> {
    const log = await this.#log(documentName)
    const document = this.#model.get(documentName)
    const through = Math.max(0, (document?.head ?? 0) - back)
    const { bytes, text } = this.#bytes(length)
    const isWritten = await log.writeSnapshot({ ...snapshotOf(through, 's'), update: bytes })
    expect(isWritten).toBe(through > (document?.through ?? 0))
    if (!isWritten || document === undefined) return
    document.records.splice(0, through - document.through)
    document.through = through
    document.snapshot = text
  }

  async #delete(documentName: string): Promise<void> {
    await this.#closeLog(documentName)
    expect(await this.#store.delete(documentName)).toBe(this.#model.delete(documentName))
  }

  /** Export, delete, import: the same document again. */
  async #move(documentName: string): Promise<void> {
    await this.#closeLog(documentName)
    const exported = await this.#store.exportDocument(documentName)
    if (exported === undefined) return
    await this.#store.delete(documentName)
    await this.#store.importDocument(exported)
  }

  async #closeLog(documentName: string): Promise<void> {
    await this.#logs.get(documentName)?.close()
    this.#logs.delete(documentName)
  }

  async #log(documentName: string): Promise<DocumentLog> {
    const log = this.#logs.get(documentName) ?? (await this.#store.openLog(documentName))
    this.#logs.set(documentName, log)
    return log
  }

  #bytes(length: number): { bytes: Uint8Array; text: string } {
    const bytes = updateOf(String.fromCharCode(33 + (this.#count++ % 90)), length)
    return { bytes, text: `${bytes.length} ${bytes[0] ?? ''}` }
  }
}

describe('a store under random use', () => {
  const steps = fc.array(step, { maxLength: 25 })

  test('on LevelDB holds what a model holds', async () => {
    const property = fc.asyncProperty(steps, async (performed) => {
      const directory = await mkdtemp(join(tmpdir(), 'cairn-model-'))
      const run = new Run(() => levelStore(directory))
      try {
        await run.start()
        for (const next of performed) await run.perform(next)
        await run.check()
      } finally {
        await run.close()
        await rm(directory, { recursive: true })
      }
    })
    await fc.assert(property, { numRuns: 40 })
  })

  test('in memory holds what a model holds', async () => {
    const property = fc.asyncProperty(steps, async (performed) => {
      const store = memoryStore()
      const run = new Run(() => store)
      await run.start()
      for (const next of performed) await run.perform(next)
      await run.check()
      await run.close()
    })
    await fc.assert(property, { numRuns: 40 })
  })
})
