import { describe, expect, test } from 'vitest'
import { SnapshotCache, type SnapshotSource } from './snapshot-cache.js'

/** A log whose snapshot is `byteLength` times the letter, and how often that was read. */
class FakeLog implements SnapshotSource {
  reads = 0
  snapshot: NonNullable<SnapshotSource['snapshot']>
  readonly #letter: string

  constructor(letter: string, byteLength = 100) {
    this.#letter = letter
    this.snapshot = {
      through: 1,
      byteLength,
      stateVector: Uint8Array.of(0),
      deleteSet: Uint8Array.of(0),
      rootNames: [],
      subdocuments: 0,
    }
  }

  async readSnapshot(): Promise<Uint8Array> {
    this.reads++
    return Buffer.alloc(this.snapshot.byteLength, this.#letter)
  }
}

async function letterOf(cache: SnapshotCache, log: SnapshotSource): Promise<string> {
  const { update } = await cache.read(log)
  return String.fromCharCode(update[0] ?? 0)
}

describe('a snapshot for joins', () => {
  test('is that of the log that is asked about, whatever two logs have in common', async () => {
    const cache = new SnapshotCache(1_000)
    const [alice, bob] = [new FakeLog('a'), new FakeLog('b')]
    expect(await letterOf(cache, alice)).toBe('a')
    expect(await letterOf(cache, bob)).toBe('b')
    expect(await letterOf(cache, alice)).toBe('a')
    expect([alice.reads, bob.reads]).toEqual([1, 1])
  })

  test('is read again when the log has another, or was closed meanwhile', async () => {
    const cache = new SnapshotCache(1_000)
    const log = new FakeLog('a')
    await cache.read(log)
    log.snapshot = { ...log.snapshot, through: 2 }
    await cache.read(log)
    expect(log.reads).toBe(2)
    cache.forget(log)
    await cache.read(log)
    expect(log.reads).toBe(3)
  })

  test('is read again after a read that failed', async () => {
    const cache = new SnapshotCache(1_000)
    const log = new FakeLog('a')
    const read = log.readSnapshot.bind(log)
    log.readSnapshot = () => Promise.reject(new Error('disk'))
    await expect(cache.read(log)).rejects.toThrow('disk')
    log.readSnapshot = read
    expect(await letterOf(cache, log)).toBe('a')
  })

  test('goes when others were used since and there is no room for all', async () => {
    const cache = new SnapshotCache(500)
    // Of a small one the frames are kept as well, which is twice its bytes.
    const [first, second, third] = [new FakeLog('1'), new FakeLog('2'), new FakeLog('3')]
    await cache.read(first)
    await cache.read(second)
    await cache.read(first)
    await cache.read(third)
    await cache.read(first)
    await cache.read(second)
    expect([first.reads, second.reads, third.reads]).toEqual([1, 2, 1])
  })
})
