import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { ThreadDocumentWorker } from './document-worker.js'

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

  test('lets no more jobs wait than its queue holds', async () => {
    const worker = new ThreadDocumentWorker(systemEnvironment, { ...options, queue: 1 })
    const empty = Uint8Array.of(0, 0)
    const first = worker.compact([empty])
    const second = worker.compact([empty])
    await expect(worker.compact([empty])).rejects.toThrow('wait')
    await Promise.all([first, second])
    await worker.close()
    await expect(worker.compact([empty])).rejects.toThrow('closing')
  })

  test('takes one job at a time where none may wait, also after one that failed', async () => {
    const worker = new ThreadDocumentWorker(systemEnvironment, { ...options, queue: 0 })
    const empty = Uint8Array.of(0, 0)
    const first = worker.compact([empty])
    await expect(worker.compact([empty])).rejects.toMatchObject({ code: 'RATE' })
    await first
    await expect(worker.compact([Uint8Array.of(1)])).rejects.toThrow('could not')
    await worker.compact([empty])
    await worker.close()
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
