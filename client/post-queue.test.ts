import { describe, expect, test } from 'vitest'
import { systemEnvironment } from '../runtime/system-environment.js'
import { PostQueue } from './post-queue.js'

interface Sent {
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  answer(status: number): Promise<void>
  fail(): Promise<void>
}

class Recorder {
  readonly sent: Sent[] = []
  readonly refusals: number[] = []
  readonly failures: unknown[] = []
  readonly queue = new PostQueue({
    post: (body, headers) =>
      new Promise((resolve, reject) => {
        this.sent.push({
          body,
          headers,
          answer: (status) => turn(() => resolve(status)),
          fail: () => turn(() => reject(new TypeError('the network'))),
        })
      }),
    onRefused: (status) => this.refusals.push(status),
    onFailed: (error) => this.failures.push(error),
  })
}

/** Lets what waits for promises run. */
async function turn(act: () => void = () => undefined): Promise<void> {
  act()
  await new Promise<void>((resolve) => systemEnvironment.defer(resolve))
}

function message(length: number, value = 1): Uint8Array {
  return new Uint8Array(length).fill(value)
}

describe('a post queue', () => {
  test('sends what one turn brings together, and what comes later in the next POST', async () => {
    const { queue, sent } = new Recorder()
    queue.send(message(1, 7))
    queue.send(message(2, 8))
    await turn()
    queue.send(message(1, 9))
    await turn()
    expect(sent.map(({ body }) => [...body])).toEqual([[1, 7, 2, 8, 8]])
    await sent[0]?.answer(204)
    expect(sent.map(({ headers }) => headers['cairn-batch'])).toEqual(['1', '2'])
    expect([...(sent[1]?.body ?? [])]).toEqual([1, 9])
  })

  test('puts no more than a mebibyte into one POST, unless one message is larger', async () => {
    const { queue, sent } = new Recorder()
    for (const size of [600_000, 600_000, 3_000_000, 10]) queue.send(message(size))
    await turn()
    for (let i = 0; i < 4; i++) await sent[i]?.answer(204)
    expect(sent.map(({ body }) => body.length)).toEqual([600_003, 600_003, 3_000_004, 11])
  })

  test('answers a question with an empty POST, or with what is on its way after it', async () => {
    const { queue, sent } = new Recorder()
    queue.answer()
    await turn()
    expect(sent.map(({ body }) => body.length)).toEqual([0])
    queue.answer()
    queue.send(message(4))
    await sent[0]?.answer(204)
    expect(sent.map(({ body }) => body.length)).toEqual([0, 5])
    await sent[1]?.answer(204)
    expect(sent).toHaveLength(2)
  })

  test('stops for good where the server refuses, or does not answer', async () => {
    const refused = new Recorder()
    refused.queue.send(message(1))
    await turn()
    await refused.sent[0]?.answer(409)
    refused.queue.send(message(1))
    await turn()
    expect([refused.refusals, refused.sent.length]).toEqual([[409], 1])

    const failed = new Recorder()
    failed.queue.send(message(1))
    await turn()
    await failed.sent[0]?.fail()
    failed.queue.answer()
    await turn()
    expect([failed.failures.length, failed.sent.length]).toEqual([1, 1])
  })

  test('takes what waits along when it leaves, without waiting for an answer', async () => {
    const { queue, sent } = new Recorder()
    queue.send(message(1, 5))
    await turn()
    queue.send(message(1, 6))
    void queue.leave(1000)
    expect(sent.map(({ headers }) => headers)).toEqual([
      { 'cairn-batch': '1' },
      { 'cairn-batch': '2', 'cairn-close': '1000' },
    ])
    expect([...(sent[1]?.body ?? [])]).toEqual([1, 6])
    queue.send(message(1))
    await sent[0]?.answer(204)
    expect(sent).toHaveLength(2)
  })
})
