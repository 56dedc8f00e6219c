import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { ThreadDocumentWorker } from './document-worker.js'

/** An update without content, and the state vector of somebody who has none. */
const empty = Uint8Array.of(0, 0)
const nothing = Uint8Array.of(0)

describe('the worker thread', () => {
  const options = { memoryMb: 64, jobMs: 10_000, idleMs: 10_000, queue: 4, gc: true }

  test('refuses a log with a hole, and goes on with the next job', async () => {
    const worker = new ThreadDocumentWorker(systemEnvironment, options)
    const doc = new Y.Doc()
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    doc.getText('text').insert(0, 'a')
    doc.getText('text').insert(1, 'b')
    await expect(worker.compact(updates.slice(1))).rejects.toThrow('pending')
    const { update, stateVector } = await worker.compact(updates)
    expect(stateVector).toEqual(Y.encodeStateVector(doc))
    const copy = new Y.Doc()
    Y.applyUpdate(copy, update)
    expect(copy.getText('text').toString()).toBe('ab')
    await worker.close()
  })

  test('gives up a job that takes too long, and what waits behind it runs', async () => {
    const environment = new SimulatedEnvironment()
    const worker = new ThreadDocumentWorker(environment, { ...options, jobMs: 700 })
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'fine')
    const fine = Y.encodeStateAsUpdate(doc)
    // Waits until the thread is there, which takes as long as the machine likes.
    await worker.compact([fine])
    const slow = expect(worker.compact([quadratic(30_000)])).rejects.toThrow('longer than 700 ms')
    const next = worker.compact([fine])
    await environment.advance(700)
    await slow
    expect((await next).stateVector).toEqual(Y.encodeStateVector(doc))
    await worker.close()
  })

  test('lets no more differences wait than its queue holds, and any compaction', async () => {
    for (const queue of [0, 1]) {
      const worker = new ThreadDocumentWorker(systemEnvironment, { ...options, queue })
      const running = worker.compact([empty])
      const waiting = Array.from({ length: queue }, () => worker.difference(empty, nothing))
      await expect(worker.difference(empty, nothing)).rejects.toMatchObject({ code: 'RATE' })
      await Promise.all([running, worker.compact([empty]), ...waiting])
      // Where nobody may wait, what need not wait is done all the same.
      expect(await worker.difference(empty, nothing)).toEqual(empty)
      await worker.close()
      await expect(worker.compact([empty])).rejects.toThrow('closing')
    }
  })

  test('compacts before it compares, in whichever order it was asked', async () => {
    const worker = new ThreadDocumentWorker(systemEnvironment, options)
    const order: string[] = []
    const done = (name: string) => () => order.push(name)
    await Promise.all([
      worker.compact([empty]).then(done('running')),
      worker.difference(empty, nothing).then(done('first difference')),
      worker.difference(empty, nothing).then(done('second difference')),
      worker.compact([empty]).then(done('compaction')),
    ])
    expect(order).toEqual(['running', 'compaction', 'first difference', 'second difference'])
    await worker.close()
  })

  test('lets a difference wait for a second, and a compaction for as long as it takes', async () => {
    const environment = new SimulatedEnvironment()
    const worker = new ThreadDocumentWorker(environment, { ...options, jobMs: 5_000 })
    await worker.compact([empty])
    const slow = expect(worker.compact([quadratic(30_000)])).rejects.toThrow('longer than 5000 ms')
    const compaction = worker.compact([empty])
    const difference = worker.difference(empty, nothing)
    const given = expect(difference).rejects.toMatchObject({ code: 'RATE' })
    await environment.advance(1_000)
    await given
    // One that comes later has a second of its own.
    const later = worker.difference(empty, nothing)
    await environment.advance(999)
    const last = expect(later).rejects.toMatchObject({ code: 'RATE' })
    await environment.advance(1)
    await last
    await environment.advance(3_000)
    await slow
    expect((await compaction).update).toEqual(empty)
    await worker.close()
  })

  test('compares nothing for somebody who is gone when it could begin', async () => {
    const worker = new ThreadDocumentWorker(systemEnvironment, options)
    let isHere = true
    const running = worker.compact([empty])
    const gone = worker.difference(empty, nothing, () => isHere)
    const refused = expect(gone).rejects.toThrow('nobody waits')
    const next = worker.difference(empty, nothing)
    isHere = false
    await running
    await refused
    expect(await next).toEqual(empty)
    await worker.close()
  })

  test('that is closed refuses whatever waits', async () => {
    const worker = new ThreadDocumentWorker(systemEnvironment, options)
    const jobs = [
      worker.compact([empty]),
      worker.compact([empty]),
      worker.difference(empty, nothing),
    ]
    const refused = jobs.map((job) => expect(job).rejects.toThrow('closing'))
    await worker.close()
    await Promise.all(refused)
  })
})

/** Many writes to one map key that know nothing of each other: each looks at all before it. */
function quadratic(count: number): Uint8Array {
  const bytes: number[] = [1]
  const varUint = (value: number): void => {
    let rest = value
    while (rest > 127) {
      bytes.push(128 | (rest & 127))
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
  }
  varUint(count)
  bytes.push(66, 0)
  // Info: parent sub, content Any; parent by name "m", key "h", one value null.
  for (let i = 0; i < count; i++) bytes.push(40, 1, 1, 109, 1, 104, 1, 126)
  bytes.push(0)
  return Uint8Array.from(bytes)
}
