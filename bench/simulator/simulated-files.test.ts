import { expect, test } from 'vitest'
import { VirtualTime } from '../../runtime/virtual-time.js'
import { RandomStream } from './random-stream.js'
import { SimulatedFiles } from './simulated-files.js'
import { SimulatedProcess } from './simulated-process.js'

function machine() {
  const time = new VirtualTime()
  const files = new SimulatedFiles((path) => (path === '/proc/x' ? 'system' : undefined))
  files.process = new SimulatedProcess(time, { base: 0 }, new RandomStream(1), () => undefined)
  const run = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = work()
    done.catch(() => undefined)
    await time.run()
    return done
  }
  return { files, run }
}

test('a synced file survives a power cut, one that is not may be what it was before', async () => {
  const contents = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const { files, run } = machine()
    await run(async () => {
      const file = await files.open('/d/a', 'w+')
      await file.writeFile('synced')
      await file.sync()
      await file.write(new TextEncoder().encode('SYN'), 0, 3, 0)
      await file.close()
    })
    files.losePower(new RandomStream(seed))
    contents.add(await run(() => files.readFile('/d/a')))
  }
  expect([...contents].sort()).toEqual(['SYNced', 'synced'])
})

test('a rename is certain once its directory was synced', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const { files, run } = machine()
    await run(async () => {
      await files.mkdir('/d')
      const file = await files.open('/d/a.new', 'w')
      await file.writeFile('new')
      await file.sync()
      await files.rename('/d/a.new', '/d/a')
      await (await files.open('/d')).sync()
    })
    files.losePower(new RandomStream(seed))
    expect(await run(() => files.readdir('/d'))).toEqual(['a'])
  }
})

test('links, exclusive files and missing ones are refused as the system does', async () => {
  const { files, run } = machine()
  await run(() => files.writeFile('/d/a', 'a'))
  await expect(run(() => files.link('/d/a', '/d/a'))).rejects.toMatchObject({ code: 'EEXIST' })
  const exclusive = run(() => files.writeFile('/d/a', 'b', { flag: 'wx' }))
  await expect(exclusive).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(run(() => files.unlink('/d/b'))).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await run(() => files.readFile('/proc/x'))).toBe('system')
})

test('calls of a machine without a process never return', async () => {
  const { files, run } = machine()
  files.process = undefined
  let isDone = false
  files.readFile('/d/a').then(
    () => {
      isDone = true
    },
    () => {
      isDone = true
    },
  )
  await run(() => Promise.resolve())
  expect(isDone).toBe(false)
})
