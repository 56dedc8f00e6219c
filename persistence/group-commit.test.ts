import { describe, expect, test } from 'vitest'
import { CairnError } from '../protocol/errors.js'
import { updateOf } from './contract-rule.js'
import { type CommitItem, GroupCommit, maxBatchBytes, maxBatchItems } from './group-commit.js'
import { readSegmentKey } from './level-keys.js'
import type { LevelOperation } from './level-port.js'

/** A disk whose writes wait until they are let through. */
class SlowDisk {
  readonly batches: LevelOperation[][] = []
  /** Of each batch, whether it had to survive a power cut. */
  readonly synced: boolean[] = []
  readonly failures: unknown[] = []
  #finish: (error?: Error) => void = () => undefined

  readonly commits = new GroupCommit(
    (operations, needsSync) =>
      new Promise((resolve, reject) => {
        this.synced.push(needsSync)
        this.batches.push(operations)
        this.#finish = (error) => (error === undefined ? resolve() : reject(error))
      }),
    (error) => this.failures.push(error),
  )

  async finish(error?: Error): Promise<void> {
    this.#finish(error)
    await settle()
  }
}

/** Enough turns for every promise reaction that is due. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

const outcomes: string[] = []

function itemOf(label: string, change: Partial<CommitItem> = {}): CommitItem {
  const key = updateOf(label)
  return {
    owner: undefined,
    record: undefined,
    operations: [{ type: 'del', key }],
    needsSync: false,
    byteLength: 10,
    resolve: () => outcomes.push(label),
    reject: (error: CairnError) => outcomes.push(`${label}: ${error.code}`),
    ...change,
  }
}

function takeOutcomes(): string[] {
  return outcomes.splice(0)
}

describe('group commit', () => {
  test('has one batch in flight, and what comes meanwhile is the next', async () => {
    const disk = new SlowDisk()
    const { commits, batches } = disk
    for (const label of ['a', 'b']) commits.push(itemOf(label))
    await settle()
    for (const label of ['c', 'd', 'e']) commits.push(itemOf(label))
    await settle()
    expect(batches.map((batch) => batch.length)).toEqual([2])
    expect(commits.heldBytes).toBe(50)
    await disk.finish()
    expect(takeOutcomes()).toEqual(['a', 'b'])
    expect(batches.map((batch) => batch.length)).toEqual([2, 3])
    await disk.finish()
    expect(takeOutcomes()).toEqual(['c', 'd', 'e'])
    expect(commits.heldBytes).toBe(0)
    await commits.idle()
  })

  test('bounds a batch in bytes and in items, but always takes one', async () => {
    const disk = new SlowDisk()
    const { commits, batches } = disk
    commits.push(itemOf('huge', { byteLength: 10 * maxBatchBytes }))
    commits.push(itemOf('half', { byteLength: maxBatchBytes / 2 }))
    commits.push(itemOf('half', { byteLength: maxBatchBytes / 2 }))
    for (let index = 0; index < maxBatchItems + 1; index++) {
      commits.push(itemOf('small', { byteLength: 0 }))
    }
    await settle()
    await disk.finish()
    await disk.finish()
    await disk.finish()
    expect(batches.map((batch) => batch.length)).toEqual([1, maxBatchItems, 3])
    takeOutcomes()
  })

  test('puts the records of one document into segments, in order', async () => {
    const disk = new SlowDisk()
    const { commits, batches } = disk
    const owners = [{ id: new Uint8Array(16).fill(1) }, { id: new Uint8Array(16).fill(2) }]
    const sequences = [0, 0]
    for (let index = 0; index < 9; index++) {
      const owner = index % 2
      const sequence = (sequences[owner] ?? 0) + 1
      sequences[owner] = sequence
      const record = { sequence, time: 0, principal: '', connection: '', update: updateOf('x') }
      const byteLength = index === 6 ? 60_000 : 10_000
      commits.push(itemOf('', { owner: owners[owner], record, operations: [], byteLength }))
    }
    await settle()
    const keys = batches[0]?.map(({ key }) => [key[1], readSegmentKey(key).lastSequence])
    expect(keys).toEqual([
      [1, 3],
      [1, 4],
      [1, 5],
      [2, 4],
    ])
    expect(commits.updateBytes).toBe(9)
    await disk.finish()
    expect(commits.updateBytes).toBe(0)
    takeOutcomes()
  })

  test('says of a batch whether one of its items has to survive a power cut', async () => {
    const disk = new SlowDisk()
    disk.commits.push(itemOf('a'))
    await settle()
    for (const label of ['b', 'c']) disk.commits.push(itemOf(label, { needsSync: label === 'c' }))
    await disk.finish()
    await disk.finish()
    expect(disk.synced).toEqual([false, true])
    expect(takeOutcomes()).toEqual(['a', 'b', 'c'])
  })

  test('stands still after a failure until everything is rejected, oldest first', async () => {
    const disk = new SlowDisk()
    const { commits, batches, failures } = disk
    commits.push(itemOf('a'))
    await settle()
    commits.push(itemOf('b'))
    const idle = commits.idle()
    await disk.finish(new Error('disk full'))
    commits.push(itemOf('c'))
    await settle()
    expect(failures).toEqual([new Error('disk full')])
    expect(batches.length).toBe(1)
    expect(takeOutcomes()).toEqual([])
    commits.fail(new CairnError('STORE_UNAVAILABLE', 'disk full'))
    expect(takeOutcomes()).toEqual(['a', 'b', 'c'].map((label) => `${label}: STORE_UNAVAILABLE`))
    await idle
    expect(commits.heldBytes).toBe(0)
    commits.push(itemOf('d'))
    await settle()
    await disk.finish()
    expect(takeOutcomes()).toEqual(['d'])
  })
})
