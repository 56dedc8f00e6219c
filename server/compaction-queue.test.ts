import { expect, test } from 'vitest'
import { CompactionQueue } from './compaction-queue.js'

/** A job that ends when the test says so. */
function job(log: string[], name: string) {
  let end: (error?: Error) => void = () => undefined
  const ended = new Promise<string>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve(name) : reject(error))
  })
  const start = (): Promise<string> => {
    log.push(name)
    return ended
  }
  return { start, end: (error?: Error) => end(error) }
}

test('one runs at a time, in the order in which they came, also after one that fails', async () => {
  const log: string[] = []
  const queue = new CompactionQueue(10)
  const [first, second, third] = [job(log, 'first'), job(log, 'second'), job(log, 'third')] as const
  const results = [first, second].map(({ start }) => queue.run(start))
  const failure = expect(results[0]).rejects.toThrow('disk')
  expect(log).toEqual(['first'])
  first.end(new Error('disk'))
  await failure
  results.push(queue.run(third.start))
  expect(log).toEqual(['first', 'second'])
  second.end()
  expect(await results[1]).toBe('second')
  third.end()
  expect(await results[2]).toBe('third')
  expect(log).toEqual(['first', 'second', 'third'])
})

test('more than may wait are refused; with 0 nobody waits', async () => {
  for (const maxWaiting of [0, 2]) {
    const log: string[] = []
    const queue = new CompactionQueue(maxWaiting)
    const running = job(log, 'running')
    const first = queue.run(running.start)
    const waiting = Array.from({ length: maxWaiting }, (_, i) =>
      queue.run(() => Promise.resolve(i)),
    )
    await expect(queue.run(() => Promise.resolve('late'))).rejects.toMatchObject({ code: 'RATE' })
    running.end()
    await first
    expect(await Promise.all(waiting)).toEqual(waiting.map((_, i) => i))
    expect(await queue.run(() => Promise.resolve('next'))).toBe('next')
  }
})
