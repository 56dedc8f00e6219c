import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { cp, type FileHandle, mkdtemp, open, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { saySkipped } from '../test/say-skipped.js'
import { readAll, withLog } from './contract-rule.js'
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
  const [first] = logsOf(levelPath)
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
    const level: LevelPort = await openNoting(levelPath, {
      createIfMissing: true,
      writeBufferSize: 1024 * 1024,
    })
    const put = (sync: boolean) =>
      level.write([{ type: 'put', key: Buffer.from('k'), value: Buffer.alloc(50_000) }], { sync })
    const [first = ''] = logsOf(levelPath)
    await fillLog(levelPath, () => put(false))
    expect(synced.has(first)).toBe(false)
    await put(true)
    expect(synced.get(first)).toBeGreaterThan(1_000_000)
    await level.close()
  })
})
