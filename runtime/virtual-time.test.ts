import { describe, expect, test } from 'vitest'
import { VirtualTime } from './virtual-time.js'

describe('VirtualTime', () => {
  test('runs events in the order of their times, and of their scheduling where those are equal', async () => {
    const time = new VirtualTime()
    const ran: string[] = []
    for (const [at, name] of [
      [30, 'c'],
      [10, 'a'],
      [30, 'd'],
      [20, 'b'],
    ] as const) {
      time.at(at, () => ran.push(`${name}@${time.now}`))
    }
    await time.run()
    expect(ran).toEqual(['a@10', 'b@20', 'c@30', 'd@30'])
  })

  test('runs the promise reactions of an event to the end before the next one', async () => {
    const time = new VirtualTime()
    const ran: string[] = []
    time.at(1, () => {
      let chain = Promise.resolve()
      for (let link = 0; link < 50; link++) chain = chain.then(() => undefined)
      chain.then(() => ran.push('reaction')).catch(() => undefined)
    })
    time.at(1, () => ran.push('next event'))
    await time.run()
    expect(ran).toEqual(['reaction', 'next event'])
  })

  test('passes over what was cancelled, and ends when it is stopped', async () => {
    const time = new VirtualTime()
    const ran: number[] = []
    const cancelled = time.at(1, () => ran.push(1))
    cancelled.cancel()
    cancelled.cancel()
    time.at(2, () => {
      ran.push(2)
      time.stop()
    })
    time.at(3, () => ran.push(3))
    await time.run()
    expect(ran).toEqual([2])
    expect(time.now).toBe(2)
  })

  test('never goes back: what is due in the past is next', async () => {
    const time = new VirtualTime()
    const ran: number[] = []
    time.at(10, () => time.at(5, () => ran.push(time.now)))
    await time.run()
    expect(ran).toEqual([10])
  })

  test('hands what an event throws to whoever listens, and goes on', async () => {
    const time = new VirtualTime()
    const [events, errors]: [number[], unknown[]] = [[], []]
    time.listen({ onEvent: (at) => events.push(at), onError: (error) => errors.push(error) })
    time.at(1, () => {
      throw new Error('broken')
    })
    time.at(2, () => undefined)
    await time.run()
    expect(events).toEqual([1, 2])
    expect(errors).toEqual([new Error('broken')])
  })

  test('keeps 5,000 events in order that come and go at random', async () => {
    const time = new VirtualTime()
    const times: number[] = []
    let state = 1
    for (let index = 0; index < 5_000; index++) {
      state = (state * 48_271) % 2_147_483_647
      const event = time.at(state % 1_000, () => times.push(time.now))
      if (state % 5 === 0) event.cancel()
    }
    await time.run()
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times.length).toBeGreaterThan(3_900)
  })
})
