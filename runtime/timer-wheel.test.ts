import { describe, expect, test } from 'vitest'
import { createRandom } from './seeded-random.js'
import { SimulatedEnvironment } from './simulated-environment.js'
import { TimerWheel } from './timer-wheel.js'

function wheelIn(environment: SimulatedEnvironment, slots = 16) {
  const wheel = new TimerWheel(environment, { resolutionMs: 10, slots })
  const ran: { name: string; at: number }[] = []
  const task = (name: string) => wheel.task((at) => ran.push({ name, at }))
  return { wheel, ran, task }
}

describe('TimerWheel', () => {
  test('runs each task once, at its time rounded up, and holds one timer for all', async () => {
    const environment = new SimulatedEnvironment()
    const { ran, task } = wheelIn(environment)
    task('late').scheduleAt(35)
    task('early').scheduleAt(12)
    task('exact').scheduleAt(20)
    expect(environment.pendingTimers).toBe(1)
    await environment.advance(1_000)
    expect(ran).toEqual([
      { name: 'early', at: 20 },
      { name: 'exact', at: 20 },
      { name: 'late', at: 40 },
    ])
    expect(environment.pendingTimers).toBe(0)
  })

  test('holds no timer while nothing is scheduled', () => {
    const environment = new SimulatedEnvironment()
    wheelIn(environment)
    expect(environment.pendingTimers).toBe(0)
  })

  test('runs what is due after many turns of the wheel when it is due', async () => {
    const environment = new SimulatedEnvironment()
    const { ran, task } = wheelIn(environment, 4)
    task('far').scheduleAt(1_001)
    await environment.advance(1_000)
    expect(ran).toEqual([])
    await environment.advance(10)
    expect(ran).toEqual([{ name: 'far', at: 1_010 }])
  })

  test('runs what is overdue with the next tick', async () => {
    const environment = new SimulatedEnvironment()
    await environment.advance(105)
    const { ran, task } = wheelIn(environment)
    task('overdue').scheduleAt(3)
    await environment.advance(5)
    expect(ran).toEqual([{ name: 'overdue', at: 110 }])
  })

  test('forgets the former time of a task that is moved, and all of one that is cancelled', async () => {
    const environment = new SimulatedEnvironment()
    const { ran, task } = wheelIn(environment)
    const moved = task('moved')
    const cancelled = task('cancelled')
    moved.scheduleAt(20)
    moved.scheduleAt(50)
    cancelled.scheduleAt(30)
    cancelled.cancel()
    cancelled.cancel()
    expect(cancelled.isScheduled).toBe(false)
    await environment.advance(100)
    expect(ran).toEqual([{ name: 'moved', at: 50 }])
  })

  test('lets a task schedule itself and others while it runs', async () => {
    const environment = new SimulatedEnvironment()
    const { wheel, ran, task } = wheelIn(environment, 4)
    const other = task('other')
    let left = 3
    const self = wheel.task((now) => {
      ran.push({ name: 'self', at: now })
      // The same slot again, one turn later.
      if (--left > 0) self.scheduleAt(now + 40)
      else other.scheduleAt(now)
    })
    self.scheduleAt(10)
    await environment.advance(200)
    expect(ran.map(({ name, at }) => `${name}@${at}`)).toEqual([
      'self@10',
      'self@50',
      'self@90',
      'other@100',
    ])
  })

  test('runs the other tasks of the tick when one throws', async () => {
    const environment = new SimulatedEnvironment()
    const { wheel, ran, task } = wheelIn(environment)
    const broken = wheel.task(() => {
      throw new Error('broken')
    })
    broken.scheduleAt(10)
    task('next').scheduleAt(10)
    await expect(environment.advance(10)).rejects.toThrow('broken')
    await environment.advance(10)
    expect(ran).toEqual([{ name: 'next', at: 10 }])
  })

  test('runs everything once after the machine slept for many turns', async () => {
    let now = 0
    const timers: (() => void)[] = []
    const environment = Object.assign(new SimulatedEnvironment(), {
      now: () => now,
      setTimer: (callback: () => void) => {
        timers.push(callback)
        return { cancel: () => undefined }
      },
    })
    const { ran, task } = wheelIn(environment, 4)
    for (const at of [10, 20, 45, 80, 5_000]) task(`${at}`).scheduleAt(at)
    now = 1_000
    timers.shift()?.()
    expect(ran.map(({ name }) => name).sort()).toEqual(['10', '20', '45', '80'])
  })

  test('stops with no timer left', async () => {
    const environment = new SimulatedEnvironment()
    const { wheel, ran, task } = wheelIn(environment)
    const left = task('left')
    left.scheduleAt(10)
    wheel.stop()
    expect(environment.pendingTimers).toBe(0)
    expect(left.isScheduled).toBe(false)
    await environment.advance(100)
    expect(ran).toEqual([])
  })

  test('runs 2,000 random tasks at the first tick at or after their time', async () => {
    const environment = new SimulatedEnvironment()
    const random = createRandom(7)
    const wheel = new TimerWheel(environment, { resolutionMs: 10, slots: 64 })
    const wrong: string[] = []
    let count = 0
    for (let index = 0; index < 2_000; index++) {
      const at = Math.floor(random() * 5_000)
      const task = wheel.task((now) => {
        count++
        if (now !== Math.max(10, Math.ceil(at / 10) * 10)) wrong.push(`${at} ran at ${now}`)
      })
      // Half of them are moved from somewhere else.
      if (random() < 0.5) task.scheduleAt(random() * 5_000)
      task.scheduleAt(at)
    }
    await environment.advance(5_010)
    expect(wrong).toEqual([])
    expect(count).toBe(2_000)
  })
})
