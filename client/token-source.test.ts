import { beforeEach, describe, expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { TokenSource } from './token-source.js'

let environment: SimulatedEnvironment
let calls: number

beforeEach(() => {
  environment = new SimulatedEnvironment()
  calls = 0
})

function counted(): string {
  return `token ${++calls}`
}

describe('a token', () => {
  test('that is a string is there at once and needs no waiting for', () => {
    const source = new TokenSource(environment, 'fixed')
    expect(source.fetch()).toBeUndefined()
    expect(source.current).toBe('fixed')
  })

  test('that nobody gave is none', () => {
    const source = new TokenSource(environment, undefined)
    expect(source.fetch()).toBeUndefined()
    expect(source).toMatchObject({ current: undefined, isGiven: false })
  })

  test('C19 of a function is got anew for each attempt', async () => {
    const source = new TokenSource(environment, async () => counted())
    expect(source.current).toBeUndefined()
    await source.fetch()
    expect(source.current).toBe('token 1')
    await source.fetch()
    expect(source.current).toBe('token 2')
    expect(environment.pendingTimers).toBe(0)
  })

  test.each([
    ['throws', () => Promise.reject(new Error('no session'))],
    [
      'throws at once',
      () => {
        throw new Error('no session')
      },
    ],
  ])('C19 of a function that %s fails with its reason', async (_, token) => {
    const source = new TokenSource(environment, token)
    await expect(source.fetch()).rejects.toMatchObject({
      code: 'TOKEN_FAILED',
      message: 'no session',
    })
  })

  test('C19 of a function that gives no string fails', async () => {
    const token = (): string => JSON.parse('7')
    const source = new TokenSource(environment, token)
    await expect(source.fetch()).rejects.toMatchObject({ code: 'TOKEN_FAILED' })
  })

  test('C19 of a function that never answers fails after 30 s', async () => {
    const source = new TokenSource(environment, () => new Promise(() => undefined))
    const fetched = expect(source.fetch()).rejects.toMatchObject({ code: 'TOKEN_FAILED' })
    await environment.advance(30_000)
    await fetched
  })
})

describe('C20 a token that runs out', () => {
  const renewed: [number, string][] = []
  const onToken = (token: string): void => {
    renewed.push([environment.now(), token])
  }

  beforeEach(() => {
    renewed.length = 0
  })

  test.each([
    [3_600_000, 3_570_000],
    [100_000, 80_000],
    [10, 8],
  ])('after %i ms is renewed after %i ms', async (expiresInMs, renewedAfterMs) => {
    new TokenSource(environment, counted).renewBefore(expiresInMs, onToken)
    await environment.advance(expiresInMs)
    expect(renewed).toEqual([[renewedAfterMs, 'token 1']])
  })

  test('is renewed in time where its time is longer than a timer of a browser', async () => {
    const days = 40 * 86_400_000
    new TokenSource(environment, counted).renewBefore(days, onToken)
    await environment.advance(days)
    expect(renewed).toEqual([[days - 30_000, 'token 1']])
  })

  test('is asked for every 5 s where that fails', async () => {
    const source = new TokenSource(environment, () => {
      if (++calls < 3) throw new Error('no session')
      return 'at last'
    })
    source.renewBefore(60_000, onToken)
    await environment.advance(60_000)
    expect(renewed).toEqual([[58_000, 'at last']])
  })

  test('is not renewed where it is for good, where it is a string, or once it is stopped', async () => {
    new TokenSource(environment, counted).renewBefore(0, onToken)
    new TokenSource(environment, 'fixed').renewBefore(60_000, onToken)
    const stopped = new TokenSource(environment, counted)
    stopped.renewBefore(60_000, onToken)
    stopped.stop()
    await environment.advance(120_000)
    expect(renewed).toEqual([])
    expect(environment.pendingTimers).toBe(0)
  })

  test('is renewed by the word that came last', async () => {
    const source = new TokenSource(environment, counted)
    source.renewBefore(60_000, onToken)
    source.renewBefore(120_000, onToken)
    await environment.advance(120_000)
    expect(renewed).toEqual([[96_000, 'token 1']])
  })

  test('does not go over a connection that is gone while it is got', async () => {
    let give = (_token: string): void => undefined
    const token = (): Promise<string> =>
      new Promise((resolve) => {
        give = resolve
      })
    const source = new TokenSource(environment, token)
    source.renewBefore(60_000, onToken)
    await environment.advance(55_000)
    source.stop()
    give('late')
    await environment.settle()
    expect(renewed).toEqual([])
  })
})
