import { describe, expect, test } from 'vitest'
import { idleWorker } from '../test/inline-worker.js'
import { Differences } from './differences.js'

const snapshot = Uint8Array.of(0, 0)
const [first, second] = [Uint8Array.of(1, 7, 1), Uint8Array.of(1, 7, 2)]
const difference = Uint8Array.of(9)

/** A worker whose comparisons end when the test says so. */
class HeldWorker {
  readonly jobs: { isWanted: () => boolean; end: (error?: Error) => void }[] = []
  readonly worker = {
    ...idleWorker,
    difference: (_update: Uint8Array, _stateVector: Uint8Array, isWanted = () => true) =>
      new Promise<Uint8Array>((resolve, reject) => {
        const end = (error?: Error) => (error === undefined ? resolve(difference) : reject(error))
        this.jobs.push({ isWanted, end })
      }),
  }
}

const always = (): boolean => true

describe('the differences of one document', () => {
  test('are found out one at a time; who asks something else meanwhile gets none', async () => {
    const held = new HeldWorker()
    const differences = new Differences(held.worker)
    const asked = differences.of(snapshot, first, always)
    expect(await differences.of(snapshot, second, always)).toBeUndefined()
    // Of another snapshot it would be another difference.
    expect(await differences.of(snapshot.slice(), first, always)).toBeUndefined()
    expect(held.jobs).toHaveLength(1)
    held.jobs[0]?.end()
    expect(await asked).toBe(difference)
    const next = differences.of(snapshot, second, always)
    expect(held.jobs).toHaveLength(2)
    held.jobs[1]?.end()
    expect(await next).toBe(difference)
  })

  test('are shared by all who ask the same, and wanted as long as one of them waits', async () => {
    const held = new HeldWorker()
    const differences = new Differences(held.worker)
    const isHere = [true, true]
    const asked = isHere.map((_, i) =>
      differences.of(snapshot, first.slice(), () => isHere[i] === true),
    )
    expect(held.jobs).toHaveLength(1)
    isHere[0] = false
    expect(held.jobs[0]?.isWanted()).toBe(true)
    isHere[1] = false
    expect(held.jobs[0]?.isWanted()).toBe(false)
    held.jobs[0]?.end()
    expect(await Promise.all(asked)).toEqual([difference, difference])
  })

  test('that the worker refuses are none, and the next are asked for again', async () => {
    const held = new HeldWorker()
    const differences = new Differences(held.worker)
    const asked = differences.of(snapshot, first, always)
    held.jobs[0]?.end(new Error('busy'))
    expect(await asked).toBeUndefined()
    const again = differences.of(snapshot, first, always)
    held.jobs[1]?.end()
    expect(await again).toBe(difference)
  })
})
