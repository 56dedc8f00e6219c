import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRandom } from '../runtime/seeded-random.js'
import { appendAll, readAll, readLabels, snapshotOf, withLog } from './contract-rule.js'
import type { DocumentStore } from './document-store.js'
import { asBuffer, keyKind, kindRange } from './level-keys.js'
import { type LevelPort, type OpenLevel, openClassicLevel } from './level-port.js'
import { levelStore } from './level-store.js'

let parent = ''

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'cairn-crash-'))
})

afterEach(() => rm(parent, { recursive: true }))

/** Writes records in bursts and prints the sequence of each that was acknowledged. */
const writerProgram = `
  const [url, directory] = process.argv.slice(1)
  const { levelStore } = await import(url)
  const store = levelStore(directory)
  await store.open()
  const log = await store.openLog('a')
  const label = (sequence) => new TextEncoder().encode('record ' + sequence)
  let next = log.head
  console.log(log.head)
  const write = async () => {
    for (;;) {
      const update = label(++next)
      const { sequence } = await log.append({ update, principal: 'p', connection: 'c' })
      process.stdout.write(sequence + '\\n')
    }
  }
  for (let writer = 0; writer < 20; writer++) write()
`

describe('a process that is killed with SIGKILL while it writes', () => {
  test('has every record that it acknowledged when it comes back, many times over', async () => {
    const directory = join(parent, 'data')
    const random = createRandom(11)
    let acknowledged = 0
    for (let round = 0; round < 6; round++) {
      acknowledged = await writeUntilKilled(directory, 100 + Math.floor(random() * 2000))
      const store = levelStore(directory)
      await store.open()
      await withLog(store, 'a', async (log) => {
        expect(log.head).toBeGreaterThanOrEqual(acknowledged)
        const labels = await readLabels(log)
        expect(labels).toEqual(labels.map((_, index) => `record ${index + 1}`))
        expect(labels.length).toBe(log.head)
      })
      await store.close()
    }
    expect(acknowledged).toBeGreaterThan(600)
  })

  /** The highest sequence that the child acknowledged before it was killed. */
  async function writeUntilKilled(directory: string, count: number): Promise<number> {
    const url = new URL('./level-store.js', import.meta.url).href
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', writerProgram, url, directory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const exited = once(child, 'exit')
    let acknowledged = 0
    let lines = 0
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Math.max(acknowledged, Number(line))
      if (++lines === count) child.kill('SIGKILL')
    }
    await exited
    return acknowledged
  }
})

/** LevelDB whose writes hang after some number of them, as those of a process that is gone. */
class DyingDisk {
  #left = 0
  #dead: () => void = () => undefined
  #inFlight: Promise<void> = Promise.resolve()
  #release: () => void = () => undefined
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve
  })

  /** Lets so many writes through; the promise resolves at the next one. */
  dieAfter(writes: number): Promise<void> {
    this.#left = writes
    return new Promise((resolve) => {
      this.#dead = resolve
    })
  }

  /** Lets no write through any more; resolves once the disk is still. */
  async stop(): Promise<void> {
    this.#left = 0
    await this.#inFlight
  }

  /** Lets what hangs fail, so that the store can be closed. */
  bury(): void {
    this.#release()
  }

  readonly open: OpenLevel = async (path, options) => {
    const level = await openClassicLevel(path, options)
    return {
      ...level,
      write: async (operations, writeOptions) => {
        if (this.#left-- > 0) {
          // The store writes one batch at a time.
          this.#inFlight = level.write(operations, writeOptions)
          return this.#inFlight
        }
        this.#dead()
        await this.#released
        throw new Error('the process is dead')
      },
    }
  }
}

interface CrashCase {
  readonly what: string
  /** Before anything dies; leaves document `a`. */
  readonly act: (store: DocumentStore) => Promise<unknown>
  /** What a document may look like afterwards: its labels, snapshot first. */
  readonly outcomes: readonly (readonly string[] | undefined)[]
}

const before = ['snapshot', 'three', 'four', 'five']

const cases: readonly CrashCase[] = [
  {
    what: 'while it writes a snapshot',
    act: (store) =>
      withLog(store, 'a', (log) => log.writeSnapshot(snapshotOf(4, 'newer', 1_200_000))),
    outcomes: [before, ['newer', 'five']],
  },
  {
    what: 'while it deletes a document',
    act: (store) => store.delete('a'),
    outcomes: [before, undefined],
  },
  {
    what: 'while it deletes a document and imports it again',
    async act(store) {
      const exported = await store.exportDocument('a')
      await store.delete('a')
      if (exported !== undefined) await store.importDocument(exported)
    },
    outcomes: [before, undefined],
  },
  {
    what: 'while it appends',
    act: (store) => withLog(store, 'a', (log) => appendAll(log, ['six'])),
    outcomes: [before, [...before, 'six']],
  },
]

describe('a process that dies', () => {
  for (const { what, act, outcomes } of cases) {
    test(`${what} leaves a whole document and no garbage, wherever it dies`, async () => {
      const seen = new Set<string>()
      for (let writes = 0; ; writes++) {
        const isFinished = await dieAt(writes, act)
        const found = await reopenCopy()
        const text = JSON.stringify(found)
        expect(outcomes.map((outcome) => JSON.stringify(outcome))).toContain(text)
        seen.add(text)
        if (isFinished) break
      }
      expect(seen.size).toBe(outcomes.length)
    })
  }

  /** Leaves a copy of what the disk holds in `copy`. True if the act was over before death. */
  async function dieAt(writes: number, act: CrashCase['act']): Promise<boolean> {
    const directory = join(parent, `data-${writes}`)
    const disk = new DyingDisk()
    void disk.dieAfter(Number.POSITIVE_INFINITY)
    const store = levelStore(directory, { openLevel: disk.open })
    await store.open()
    await withLog(store, 'a', async (log) => {
      await appendAll(log, ['one', 'two', 'three', 'four', 'five'])
      await log.writeSnapshot(snapshotOf(2, 'snapshot', 1_100_000))
    })
    const died = disk.dieAfter(writes)
    const done = act(store).then(
      () => true,
      () => false,
    )
    const isFinished = await Promise.race([done, died.then(() => false)])
    // The sweeper may be at work still, and a copy of two moments is a disk that never was.
    await disk.stop()
    const copy = join(parent, 'copy')
    await rm(copy, { recursive: true, force: true })
    await cp(directory, copy, { recursive: true })
    await rm(join(copy, 'lock'))
    disk.bury()
    await done
    await store.close()
    return isFinished
  }

  /** Opens the copy, waits until it is swept, and gives back what document `a` holds. */
  async function reopenCopy(): Promise<string[] | undefined> {
    let level: LevelPort | undefined
    const store = levelStore(join(parent, 'copy'), {
      async openLevel(path, options) {
        level = await openClassicLevel(path, options)
        return level
      },
    })
    await store.open()
    try {
      if (level === undefined) throw new Error('the store opened without LevelDB')
      while ((await keysOf(level, 'sweep')).length > 0) await store.list()
      expect((await keysOf(level, 'provisional')).length).toBe(0)
      const exported = await store.exportDocument('a')
      await expectNoGarbage(level, exported !== undefined)
      if (exported === undefined) return undefined
      const { snapshot, records } = exported
      const text = new TextDecoder()
      const label = text.decode(snapshot?.update.subarray(0, 8)).match(/^(newer|snapshot)/)?.[0]
      return [label ?? '?', ...records.map(({ update }) => text.decode(update))]
    } finally {
      await store.close()
    }
  }

  /** Everything that is stored is under the one document and the one snapshot that count. */
  async function expectNoGarbage(level: LevelPort, isDocument: boolean): Promise<void> {
    const owners = new Set<string>()
    const snapshots = new Set<string>()
    for (const kind of ['segment', 'snapshot', 'snapshotIndex'] as const) {
      for (const key of await keysOf(level, kind)) {
        owners.add(key.subarray(1, 17).toString('hex'))
        if (key[0] !== keyKind.segment) snapshots.add(key.subarray(1, 25).toString('hex'))
      }
    }
    expect(owners.size).toBe(isDocument ? 1 : 0)
    expect(snapshots.size).toBe(isDocument ? 1 : 0)
  }
})

async function keysOf(level: LevelPort, kind: keyof typeof keyKind): Promise<Buffer[]> {
  const keys: Buffer[] = []
  for await (const page of level.scanKeys(kindRange(kind))) keys.push(...page.map(asBuffer))
  return keys
}

test('the batch ledger stays small however much is written, and is whole', async () => {
  const directory = join(parent, 'data')
  let written = 0
  for (const batches of [1200, 300, 10, 0]) {
    let level: LevelPort | undefined
    const store = levelStore(directory, {
      durability: 'os',
      async openLevel(path, options) {
        level = await openClassicLevel(path, options)
        return level
      },
    })
    await store.open()
    await withLog(store, 'a', async (log) => {
      expect((await readAll(log)).length).toBe(written)
      for (let index = 0; index < batches; index++) {
        await log.append({ update: new Uint8Array(40_000), principal: '', connection: '' })
      }
      written += batches
    })
    if (level === undefined) throw new Error('the store opened without LevelDB')
    const numbers = (await keysOf(level, 'ledger')).length
    // 16 MiB of batches that may still be in a `.log` file, and what is not due in a group yet.
    expect(numbers).toBeGreaterThanOrEqual(Math.min(batches, 400))
    expect(numbers).toBeLessThan(800)
    await store.close()
  }
})
