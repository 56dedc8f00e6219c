import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { cp, type FileHandle, mkdtemp, open, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemEnvironment } from '../runtime/system-environment.js'
import { saySkipped } from '../test/say-skipped.js'
import { appendAll, readAll, snapshotOf, withLog } from './contract-rule.js'
import { keyKind } from './level-keys.js'
import { type LevelPort, type OpenLevel, openClassicLevel } from './level-port.js'
import { levelStore } from './level-store.js'

const hasProc = existsSync('/proc/self/fd')
if (!hasProc) saySkipped('level-power.test', 'it needs the /proc of Linux')

let parent = ''
/** Files that were forced to the disk, and how long they were then. */
const synced = new Map<string, number>()

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'cairn-power-'))
  synced.clear()
  const probe = await open(parent, 'r')
  const handles: FileHandle = Object.getPrototypeOf(probe)
  await probe.close()
  const { sync } = handles
  vi.spyOn(handles, 'sync').mockImplementation(async function (this: FileHandle) {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`)
    const { size } = await this.stat()
    await sync.call(this)
    synced.set(path, size)
  })
})

afterEach(async () => {
  vi.restoreAllMocks()
  await rm(parent, { recursive: true })
})

function logsOf(levelPath: string): string[] {
  const names = readdirSync(levelPath).filter((name) => name.endsWith('.log'))
  return names.sort().map((name) => join(levelPath, name))
}

/** LevelDB that notes what it syncs itself: the `.log` that it writes to. */
const openNoting: OpenLevel = async (levelPath, options) => {
  const level = await openClassicLevel(levelPath, options)
  return {
    ...level,
    async write(operations, writeOptions) {
      await level.write(operations, writeOptions)
      const newest = logsOf(levelPath).at(-1)
      if (!writeOptions.sync || newest === undefined) return
      synced.set(newest, (await stat(newest)).size)
    },
  }
}

/** The store as the disk has it after a power cut: of each `.log` what was forced to the disk. */
async function cutPower(directory: string): Promise<string> {
  const copy = join(parent, 'copy')
  await cp(directory, copy, { recursive: true })
  for (const path of logsOf(join(directory, 'db'))) {
    await truncate(path.replace(directory, copy), synced.get(path) ?? 0)
  }
  return copy
}

/** Writes without a sync until LevelDB has begun another `.log`; the one before stays for a while. */
async function fillLog(levelPath: string, write: () => Promise<unknown>): Promise<number> {
  const first = logsOf(levelPath).at(-1)
  let written = 0
  while (logsOf(levelPath).at(-1) === first) {
    await write()
    written++
  }
  return written
}

describe.skipIf(!hasProc)('durability "os"', () => {
  test('has everything after a power cut if the store was closed before', async () => {
    const directory = join(parent, 'data')
    const store = levelStore(directory, { durability: 'os', openLevel: openNoting })
    await store.open()
    const log = await store.openLog('a')
    const append = () =>
      log.append({ update: new Uint8Array(60_000), principal: '', connection: '' })
    const written = await fillLog(join(directory, 'db'), append)
    await store.close()
    const warnings: unknown[] = []
    const copy = levelStore(await cutPower(directory), {
      durability: 'os',
      onWarning: (warning) => warnings.push(warning),
    })
    await copy.open()
    await withLog(copy, 'a', async (found) => {
      expect((await readAll(found)).length).toBe(written)
      expect(found.epoch).toEqual(log.epoch)
    })
    await copy.close()
    expect(warnings).toEqual([])
  })

  test('has what was written before whatever is forced to the disk', async () => {
    const levelPath = join(parent, 'level')
    const bytes = systemEnvironment.randomBytes(50_000)
    const level: LevelPort = await openNoting(levelPath, {
      createIfMissing: true,
      writeBufferSize: 1024 * 1024,
    })
    let keys = 0
    const put = (sync: boolean) => {
      const operation = { type: 'put', key: Buffer.from(`${keys++}`), value: bytes } as const
      return level.write([operation], { sync })
    }
    // LevelDB may be done with the `.log` before, and remove it, sooner than anybody can look.
    let wasSynced = false
    for (let round = 0; round < 20 && !wasSynced; round++) {
      const full = logsOf(levelPath).at(-1) ?? ''
      await fillLog(levelPath, () => put(false))
      await put(true)
      wasSynced = (synced.get(full) ?? 0) > 1_000_000
    }
    expect(wasSynced).toBe(true)
    await level.close()
  })

  test('removes nothing before what takes its place is forced to the disk', async () => {
    const marked: boolean[] = []
    const store = levelStore(join(parent, 'data'), {
      durability: 'os',
      async openLevel(levelPath, options) {
        const level = await openClassicLevel(levelPath, options)
        return {
          ...level,
          write(operations, writeOptions) {
            const isMark = operations.some(
              ({ type, key }) => type === 'put' && key[0] === keyKind.sweep,
            )
            if (isMark) marked.push(writeOptions.sync)
            return level.write(operations, writeOptions)
          },
        }
      },
    })
    await store.open()
    await withLog(store, 'a', async (log) => {
      await appendAll(log, ['one', 'two'])
      await log.writeSnapshot(snapshotOf(1, 'snapshot'))
    })
    await store.delete('a')
    await store.close()
    expect(marked).toEqual([true, true])
  })
})
