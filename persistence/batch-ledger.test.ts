import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BatchLedger, readLedger } from './batch-ledger.js'
import { updateOf } from './contract-rule.js'
import { asBuffer, ledgerKey } from './level-keys.js'
import type { LevelEntry, LevelOperation, LevelReader } from './level-port.js'

/** As much of LevelDB as the ledger needs, by hexadecimal keys. */
class Table implements LevelReader {
  readonly #values = new Map<string, Uint8Array>()

  apply(operations: readonly LevelOperation[]): void {
    for (const operation of operations) {
      const key = asBuffer(operation.key).toString('hex')
      if (operation.type === 'put') this.#values.set(key, operation.value)
      else this.#values.delete(key)
    }
  }

  get size(): number {
    return this.#values.size
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#values.get(asBuffer(key).toString('hex'))
  }

  async *scan(range: { gte: Uint8Array; lt: Uint8Array }): AsyncIterable<readonly LevelEntry[]> {
    const [from, to] = [asBuffer(range.gte).toString('hex'), asBuffer(range.lt).toString('hex')]
    const keys = [...this.#values.keys()].filter((key) => key >= from && key < to).sort()
    yield keys.map((key) => [Buffer.from(key, 'hex'), this.#values.get(key) ?? Buffer.alloc(0)])
  }

  async *scanKeys(): AsyncIterable<readonly Uint8Array[]> {}
}

const largest = new Uint8Array(100_000_000)

function stampBatches(table: Table, ledger: BatchLedger, sizes: readonly number[]): void {
  for (const size of sizes) {
    const operations: LevelOperation[] = [
      { type: 'put', key: updateOf('x'), value: largest.subarray(0, size) },
    ]
    ledger.stamp(operations)
    table.apply(operations.filter(({ key }) => key.length !== 1 || key[0] !== 0x78))
  }
}

function beginSession(
  table: Table,
  start: { oldest: number; last: number; generation: number },
): BatchLedger {
  const ledger = new BatchLedger(start, 'fsync')
  table.apply(ledger.rebase())
  return ledger
}

describe('the batch ledger', () => {
  test('is without holes after any number of batches of any size, over sessions', async () => {
    const sizes = fc.array(fc.oneof(fc.nat(200), fc.constant(300_000), fc.constant(9_000_000)), {
      minLength: 1,
      maxLength: 600,
      size: 'max',
    })
    const property = fc.asyncProperty(fc.array(sizes, { maxLength: 4 }), async (sessions) => {
      const table = new Table()
      let start = { oldest: 1, last: 0, generation: 0 }
      let written = 0
      for (const session of sessions) {
        const ledger = beginSession(table, start)
        stampBatches(table, ledger, session)
        written += 1 + session.length
        const state = await readLedger(table)
        expect(state).toMatchObject({ last: written, lost: [], hasBase: true })
        expect(ledger.last).toBe(written)
        start = state
      }
    })
    await fc.assert(property, { numRuns: 15 })
  })

  test('keeps the numbers of the last 16 MiB, a huge batch counting for four', async () => {
    const table = new Table()
    const ledger = beginSession(table, { oldest: 1, last: 0, generation: 0 })
    stampBatches(
      table,
      ledger,
      Array.from({ length: 1000 }, () => 100_000),
    )
    const { oldest, last } = await readLedger(table)
    expect(last - oldest).toBeGreaterThan(167)
    expect(last - oldest).toBeLessThan(167 + 256 + 20)
    stampBatches(table, ledger, [100_000_000])
    expect((await readLedger(table)).oldest).toBeLessThan(last - 100)
  })

  test('says which numbers are missing, and what stood after them', async () => {
    const table = new Table()
    stampBatches(
      table,
      beginSession(table, { oldest: 1, last: 0, generation: 0 }),
      Array(9).fill(1),
    )
    for (const lost of [3, 6, 7]) table.apply([{ type: 'del', key: ledgerKey(lost) }])
    expect((await readLedger(table)).lost).toEqual([
      { from: 3, to: 3, durability: 'fsync' },
      { from: 6, to: 7, durability: 'fsync' },
    ])
  })

  test('that was begun anew over holes does not come back to them while it trims', async () => {
    const table = new Table()
    const first = beginSession(table, { oldest: 1, last: 0, generation: 0 })
    stampBatches(table, first, Array(3000).fill(1))
    table.apply([{ type: 'del', key: ledgerKey(2500) }])
    const found = await readLedger(table)
    expect(found.lost.length).toBe(1)
    const second = beginSession(table, { ...found, generation: 5 })
    const sizeBefore = table.size
    for (let batch = 0; batch < 5; batch++) {
      stampBatches(table, second, [1])
      expect(await readLedger(table)).toMatchObject({ lost: [], generation: 5 })
    }
    expect(table.size).toBeLessThan(sizeBefore - 2900)
  })
})
