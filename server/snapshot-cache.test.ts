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

/** Somebody joins and has taken the snapshot. */
async function letterOf(cache: SnapshotCache, log: SnapshotSource): Promise<string> {
  const { update, release } = await cache.read(log)
  release()
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
    await letterOf(cache, log)
    log.snapshot = { ...log.snapshot, through: 2 }
    await letterOf(cache, log)
    expect(log.reads).toBe(2)
    cache.forget(log)
    await letterOf(cache, log)
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
    await letterOf(cache, first)
    await letterOf(cache, second)
    await letterOf(cache, first)
    await letterOf(cache, third)
    await letterOf(cache, first)
    await letterOf(cache, second)
    expect([first.reads, second.reads, third.reads]).toEqual([1, 2, 1])
  })

  test('is read once and has one copy while somebody holds it, however large it is', async () => {
    const cache = new SnapshotCache(500_000)
    const large = new FakeLog('L', 600_000)
    const [first, second] = await Promise.all([cache.read(large), cache.read(large)])
    expect(second.update).toBe(first.update)
    first.release()
    // Once is enough, so that a holder cannot let go for another.
    first.release()
    const third = await cache.read(large)
    expect(third.update).toBe(second.update)
    expect(large.reads).toBe(1)
    second.release()
    third.release()
    await letterOf(cache, large)
    expect(large.reads).toBe(2)
  })

  test('that is held counts as kept: for others there is less room, and it stays', async () => {
    const cache = new SnapshotCache(500)
    const [held, other, next] = [new FakeLog('h'), new FakeLog('o'), new FakeLog('n')]
    const { release } = await cache.read(held)
    await letterOf(cache, other)
    await letterOf(cache, next)
    await letterOf(cache, other)
    await letterOf(cache, held)
    expect([held.reads, other.reads]).toEqual([1, 2])
    release()
  })

  test('that was replaced while somebody holds it is nobody else’s', async () => {
    const cache = new SnapshotCache(500)
    const log = new FakeLog('a')
    const before = await cache.read(log)
    log.snapshot = { ...log.snapshot, through: 2 }
    const after = await cache.read(log)
    expect(after.update).not.toBe(before.update)
    before.release()
    after.release()
    await letterOf(cache, log)
    expect(log.reads).toBe(2)
  })
})
