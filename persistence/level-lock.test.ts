import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { saySkipped } from '../test/say-skipped.js'
import { appendAll, readLabels, withLog } from './contract-rule.js'
import { lockDirectory } from './directory-lock.js'
import { openError } from './level-errors.js'
import { type OpenLevel, openClassicLevel } from './level-port.js'
import { levelStore } from './level-store.js'
import { claimDirectory, releaseDirectory } from './open-directories.js'
import { openOnceReleased } from './open-once-released.js'
import { ownIdentity } from './process-identity.js'

const storeUrl = new URL('./level-store.js', import.meta.url).href

let parent = ''
let directory = ''

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'cairn-lock-'))
  directory = join(parent, 'data')
})

afterEach(() => rm(parent, { recursive: true }))

/** Says `open` or the error's code, then waits for a line and closes the store. */
const childProgram = `
  import { once } from 'node:events'
  import { createInterface } from 'node:readline'
  const { levelStore } = await import(${JSON.stringify(storeUrl)})
  const store = levelStore(process.argv[1])
  const input = createInterface({ input: process.stdin })
  try {
    await store.open()
    console.log('open')
    await once(input, 'line')
    await store.close()
  } catch (error) {
    console.log(error.code)
  }
  input.close()
`

function startChild() {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', childProgram, directory],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: child.stdout })
  return {
    firstLine: once(lines, 'line').then(([line]) => String(line)),
    exited: once(child, 'exit'),
    stop: () => child.stdin.write('\n'),
    kill: () => child.kill('SIGKILL'),
  }
}

/** What a second open must not do: let another process into LevelDB. */
async function expectStillHeld() {
  const child = startChild()
  expect(await child.firstLine).toBe('STORE_LOCKED')
  await child.exited
}

describe('the lock of a store directory', () => {
  test('refuses a second store in the same process before LevelDB is touched', async () => {
    const store = levelStore(directory)
    await store.open()
    let opened = 0
    const second = levelStore(directory, {
      openLevel(path, options) {
        opened++
        return openClassicLevel(path, options)
      },
    })
    await expect(second.open()).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      rule: 'same-process',
    })
    expect(opened).toBe(0)
    await expectStillHeld()
    await withLog(store, 'a', (log) => appendAll(log, ['one']))
    await store.close()
    await second.open()
    await withLog(second, 'a', async (log) => expect(await readLabels(log)).toEqual(['one']))
    await second.close()
  })

  test('is seen by another copy of the module', async () => {
    const copyUrl = new URL('./open-directories.js?copy', import.meta.url).href
    const copy: typeof import('./open-directories.js') = await import(copyUrl)
    expect(copy.claimDirectory).not.toBe(claimDirectory)
    claimDirectory(parent)
    expect(() => copy.claimDirectory(parent)).toThrow('is open in this process already')
    copy.releaseDirectory(parent)
    claimDirectory(parent)
    releaseDirectory(parent)
  })

  test('sees through symbolic links', async () => {
    const store = levelStore(directory)
    await store.open()
    const link = join(parent, 'link')
    await symlink(directory, link)
    await expect(levelStore(link).open()).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await store.close()
  })

  test('refuses another process, and lets it in after the close', async () => {
    const store = levelStore(directory)
    await store.open()
    await expectStillHeld()
    await store.close()
    const child = startChild()
    expect(await child.firstLine).toBe('open')
    await expect(store.open()).rejects.toMatchObject({ code: 'STORE_LOCKED', rule: 'lock-file' })
    child.stop()
    await child.exited
    await store.open()
    await store.close()
  })

  test('refuses a worker thread of the same process', async () => {
    const store = levelStore(directory)
    await store.open()
    const program = `
      import { parentPort, workerData } from 'node:worker_threads'
      const { levelStore } = await import(${JSON.stringify(storeUrl)})
      const opened = levelStore(workerData).open()
      parentPort.postMessage(await opened.then(() => 'open', (error) => error.code))
    `
    const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`)
    const worker = new Worker(url, { workerData: directory })
    expect(await once(worker, 'message')).toEqual(['STORE_LOCKED'])
    await worker.terminate()
    await expectStillHeld()
    await store.close()
  })

  test('is taken over after kill -9, without the other process being reaped or not', async () => {
    for (let round = 0; round < 3; round++) {
      const child = startChild()
      expect(await child.firstLine).toBe('open')
      child.kill()
      if (round > 0) await child.exited
      else await untilDead(directory)
      const store = levelStore(directory)
      await store.open()
      expect(store.health.state).toBe('ready')
      await store.close()
    }
  })

  /** A LevelDB that somebody keeps locked for so many attempts. */
  function lockedFor(attempts: number) {
    const seen = { attempts: 0 }
    const openLevel: OpenLevel = async (path, options) => {
      if (seen.attempts++ < attempts) {
        const cause = Object.assign(new Error('LOCK: already held'), { code: 'LEVEL_LOCKED' })
        throw new Error('Database failed to open', { cause })
      }
      return openClassicLevel(path, options)
    }
    return { seen, openLevel }
  }

  test('waits for the database of a process that is still being taken apart', async () => {
    await mkdir(directory)
    const gone = { ...(await ownIdentity()), pid: 2 ** 30 }
    await writeFile(join(directory, 'lock'), JSON.stringify(gone))
    const { openLevel, seen } = lockedFor(3)
    const store = levelStore(directory, { openLevel })
    await store.open()
    expect(seen.attempts).toBe(4)
    await store.close()
  })

  test('does not wait for a database that was left in order and that somebody else opened', async () => {
    const { openLevel, seen } = lockedFor(Number.POSITIVE_INFINITY)
    const store = levelStore(directory, { openLevel })
    await expect(store.open()).rejects.toMatchObject({ code: 'STORE_LOCKED', rule: 'level-lock' })
    expect(seen.attempts).toBe(1)
  })

  test('gives up on a dead process whose database stays locked for ten seconds', async () => {
    const environment = new SimulatedEnvironment()
    const { openLevel, seen } = lockedFor(Number.POSITIVE_INFINITY)
    const options = { createIfMissing: true, writeBufferSize: 4096 }
    const opened = openOnceReleased(() => openLevel(directory, options), environment)
    const outcome = opened.then(
      () => 'open',
      (error: unknown) => openError(directory, error),
    )
    await environment.advance(9_999)
    expect(seen.attempts).toBe(500)
    await environment.advance(100)
    expect(await outcome).toMatchObject({ code: 'STORE_LOCKED', rule: 'level-lock' })
    expect(seen.attempts).toBe(501)
  })

  test('leaves nothing behind when the store is closed', async () => {
    const store = levelStore(directory)
    await store.open()
    expect(await readdir(directory)).toContain('lock')
    await store.close()
    expect((await readdir(directory)).sort()).toEqual(['cairn.json', 'committed', 'db'])
  })
})

/** Until the kernel has torn the holder down; it may stay a zombie until its parent looks. */
async function untilDead(path: string): Promise<void> {
  const { pid }: { pid: number } = JSON.parse(await readFile(join(path, 'lock'), 'utf8'))
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z')
    if (stat.includes(') Z')) return
  }
}

describe('lockDirectory', () => {
  const lockPath = () => join(parent, 'lock')

  const claimPath = (content: string) =>
    `${lockPath()}.${createHash('sha256').update(content).digest('hex').slice(0, 16)}`

  async function staleLocks(): Promise<string[]> {
    const own = await ownIdentity()
    return [
      '',
      'not json',
      JSON.stringify({ pid: 'x' }),
      // No process has this number: it is above the kernel's largest.
      JSON.stringify({ ...own, pid: 2 ** 30 }),
      JSON.stringify({ ...own, startTime: '1' }),
      JSON.stringify({ ...own, bootId: 'another boot' }),
    ]
  }

  if (process.platform !== 'linux') {
    saySkipped('level-lock.test, locks of the dead', 'it needs the /proc of Linux')
  }
  test.runIf(process.platform === 'linux')('takes over what nobody holds any more', async () => {
    for (const stale of await staleLocks()) {
      await writeFile(lockPath(), stale)
      const lock = await lockDirectory(parent, systemEnvironment)
      expect(await readFile(lockPath(), 'utf8')).toContain(`"pid":${process.pid}`)
      await lock.release()
      expect(await readdir(parent)).toEqual([])
    }
  })

  test('goes on where another died while it took a stale lock over', async () => {
    const claimer = JSON.stringify({ ...(await ownIdentity()), pid: 2 ** 30, nonce: 'claimer' })
    await writeFile(lockPath(), 'stale')
    await writeFile(claimPath('stale'), claimer)
    await writeFile(claimPath(claimer), 'another that died')
    const lock = await lockDirectory(parent, systemEnvironment)
    await lock.release()
    expect(await readdir(parent)).toEqual([])
  })

  test('tells who left the lock behind', async () => {
    const abandoned = { ...(await ownIdentity()), pid: 2 ** 30 }
    await writeFile(lockPath(), JSON.stringify(abandoned))
    const lock = await lockDirectory(parent, systemEnvironment)
    expect(lock.abandonedBy).toEqual(abandoned)
    await lock.release()
  })

  test('refuses the lock of a process that runs, naming it', async () => {
    const lock = await lockDirectory(parent, systemEnvironment)
    await expect(lockDirectory(parent, systemEnvironment)).rejects.toThrow(`process ${process.pid}`)
    await lock.release()
  })

  test('lets one of many have a stale lock', async () => {
    for (let round = 0; round < 20; round++) {
      await writeFile(lockPath(), 'stale')
      const attempts = Array.from({ length: 8 }, () => lockDirectory(parent, systemEnvironment))
      const results = await Promise.allSettled(attempts)
      const won = results.filter((result) => result.status === 'fulfilled')
      expect(won.length).toBe(1)
      for (const { value } of won) await value.release()
      expect(await readdir(parent)).toEqual([])
    }
  })

  test("does not remove a lock that is somebody else's by now", async () => {
    const lock = await lockDirectory(parent, systemEnvironment)
    await writeFile(lockPath(), 'of another')
    await lock.release()
    expect(await readFile(lockPath(), 'utf8')).toBe('of another')
  })
})
