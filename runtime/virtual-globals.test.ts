import { webcrypto } from 'node:crypto'
import { afterAll, afterEach, expect, test } from 'vitest'
import { installVirtualGlobals, type VirtualWorld } from './virtual-globals.js'

const { now: realNow } = Date
const { random: realRandom } = Math
const real = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  console: globalThis.console,
}
const globals = installVirtualGlobals()
const timers: { callback: () => void; delayMs: number; isCancelled: boolean }[] = []
const printed: string[] = []

const world: VirtualWorld = {
  wallClock: () => 5_000,
  setTimer(callback, delayMs) {
    const timer = { callback, delayMs, isCancelled: false }
    timers.push(timer)
    return {
      cancel: () => {
        timer.isCancelled = true
      },
    }
  },
  random: () => 0.5,
  print: (level, text) => printed.push(`${level} ${text}`),
}

// Other test files run in this process.
afterAll(() => {
  Object.assign(globalThis, real)
  Date.now = realNow
  Math.random = realRandom
  Reflect.deleteProperty(webcrypto, 'getRandomValues')
})

afterEach(() => {
  globals.enter(undefined)
  timers.length = 0
})

test('a world stands behind the clock and chance', () => {
  globals.enter(world)
  const date = new Date()
  expect([Date.now(), date.getTime(), new Date(7).getTime()]).toEqual([5_000, 5_000, 7])
  expect(new Date()).toBeInstanceOf(Date)
  expect(Math.random()).toBe(0.5)
  expect([...webcrypto.getRandomValues(new Uint8Array(3))]).toEqual([128, 128, 128])
})

test('a clock that was kept before is not the one of the worlds', () => {
  expect(globals.isClock(Date.now)).toBe(true)
  expect(globals.isClock(realNow)).toBe(false)
})

test('timers are the world\u2019s, fire with their arguments, and can be cleared', () => {
  globals.enter(world)
  const heard: unknown[] = []
  const once = setTimeout((...args: unknown[]) => heard.push(args), 10, 'a', 1)
  const often = setInterval(() => heard.push('tick'), 20)
  expect(timers.map(({ delayMs }) => delayMs)).toEqual([10, 20])
  for (const { callback } of [...timers]) callback()
  expect(heard).toEqual([['a', 1], 'tick'])
  clearInterval(often)
  clearTimeout(once)
  expect(timers.at(-1)).toMatchObject({ delayMs: 20, isCancelled: true })
})

test('what is printed reaches the world', () => {
  globals.enter(world)
  const { error } = globalThis.console
  error('Caught', new TypeError('bad'))
  globals.enter(undefined)
  expect(printed).toEqual(['error Caught TypeError: bad'])
})

test('outside of a world everything is as it was', async () => {
  expect(Date.now()).toBeGreaterThan(1_600_000_000_000)
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 1)
  })
  expect(new Set(webcrypto.getRandomValues(new Uint8Array(64))).size).toBeGreaterThan(8)
  expect(Math.random()).not.toBe(Math.random())
})
