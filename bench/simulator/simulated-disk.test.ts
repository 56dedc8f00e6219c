import { expect, test } from 'vitest'
import type { LevelOperation, LevelPort } from '../../persistence/level-port.js'
import { VirtualTime } from '../../runtime/virtual-time.js'
import { RandomStream } from './random-stream.js'
import { SimulatedDisk } from './simulated-disk.js'
import { SimulatedProcess } from './simulated-process.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const put = (key: string, value: string): LevelOperation => ({
  type: 'put',
  key: bytes(key),
  value: bytes(value),
})
const all = { gte: bytes(''), lt: Uint8Array.of(255) }

class Bench {
  readonly time = new VirtualTime()
  readonly disk = new SimulatedDisk(new RandomStream(1))
  process = this.start()

  start(): SimulatedProcess {
    return new SimulatedProcess(this.time, { base: 0 }, new RandomStream(2), () => undefined)
  }

  async do<Result>(work: (port: LevelPort) => Promise<Result>): Promise<Result> {
    const open = this.disk.opener(this.process, () => undefined)
    const done = open('/disk', { createIfMissing: true, writeBufferSize: 1 }).then(work)
    done.catch(() => undefined)
    await this.time.run()
    return done
  }

  keys(): Promise<string[]> {
    return this.do(async (port) => {
      const found: string[] = []
      for await (const page of port.scanKeys(all)) {
        for (const key of page) found.push(new TextDecoder().decode(key))
      }
      return found
    })
  }
}

test('a power cut keeps what was synced, and of the rest whole batches from the front', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const bench = new Bench()
    await bench.do(async (port) => {
      await port.write([put('a', '1')], { sync: true })
      await port.write([put('b', '1'), put('c', '1')], { sync: false })
      await port.write([put('d', '1')], { sync: false })
    })
    for (let draw = 0; draw < seed; draw++) bench.disk.losePower()
    const { lostBatches } = bench.disk.losePower()
    expect(lostBatches).toBe(seed === 0 ? lostBatches : 0)
    expect(['a', 'a,b,c', 'a,b,c,d']).toContain((await bench.keys()).join())
  }
})

test('a view shows what was there when it was taken', async () => {
  const bench = new Bench()
  const seen = await bench.do(async (port) => {
    await port.write([put('a', 'old')], { sync: true })
    const view = port.view()
    await port.write([put('a', 'new'), put('b', 'new')], { sync: true })
    const [before, after] = [await view.get(bytes('a')), await port.get(bytes('a'))]
    return [before, after, await view.get(bytes('b'))].map((value) =>
      value === undefined ? undefined : new TextDecoder().decode(value),
    )
  })
  expect(seen).toEqual(['old', 'new', undefined])
})

test('scans give a range in the order of bytes, from the end, and at most so many', async () => {
  const bench = new Bench()
  const found = await bench.do(async (port) => {
    await port.write(
      ['b', 'a', 'é', 'c'].map((key) => put(key, key)),
      { sync: true },
    )
    const scan = async (lt: string, options: { reverse?: boolean; limit?: number }) => {
      const keys: string[] = []
      for await (const page of port.scan({ gte: bytes('b'), lt: bytes(lt) }, options)) {
        for (const [key] of page) keys.push(new TextDecoder().decode(key))
      }
      return keys.join('')
    }
    return [
      await scan('\uffff', {}),
      await scan('c', {}),
      await scan('\uffff', { reverse: true, limit: 2 }),
    ]
  })
  expect(found).toEqual(['bcé', 'b', 'éc'])
})

test('after a failed write every other one fails until it is opened again', async () => {
  const bench = new Bench()
  const outcome = await bench.do(async (port) => {
    bench.disk.trouble.writes = 'ENOSPC'
    const fails = (key: string) =>
      port.write([put(key, '1')], { sync: true }).catch((error: Error) => error.message)
    const first = await fails('a')
    bench.disk.heal()
    return [first, await fails('b')]
  })
  expect(outcome).toEqual(['IO error: No space left on device', 'IO error: Input/output error'])
  await bench.do((port) => port.write([put('c', '1')], { sync: true }))
  expect(await bench.keys()).toContain('c')
})

test('a process that dies never hears of its write, which may be there or not', async () => {
  const seen = new Set<string>()
  const bench = new Bench()
  for (let round = 0; round < 20; round++) {
    let isAnswered = false
    const open = bench.disk.opener(bench.process, () => undefined)
    open('/disk', { createIfMissing: true, writeBufferSize: 1 })
      .then((port) => {
        const { process } = bench
        bench.time.after(0.000_1, () => process.kill())
        return port.write([put(`k${round}`, '1')], { sync: true })
      })
      .then(
        () => {
          isAnswered = true
        },
        () => undefined,
      )
    await bench.time.run()
    expect(isAnswered).toBe(false)
    bench.process = bench.start()
    seen.add((await bench.keys()).includes(`k${round}`) ? 'there' : 'not there')
  }
  expect([...seen].sort()).toEqual(['not there', 'there'])
})

test('a missing database is not made unless that is asked for', async () => {
  const bench = new Bench()
  const open = bench.disk.opener(bench.process, () => undefined)
  const opened = open('/disk', { createIfMissing: false, writeBufferSize: 1 })
  opened.catch(() => undefined)
  await bench.time.run()
  await expect(opened).rejects.toThrow('/disk does not exist')
})
