import { describe, expect, test } from 'vitest'
import { reconnectDelay } from './reconnect-delay.js'

describe('the wait before an attempt', () => {
  test('C10 is random between nothing and a ceiling that doubles from 500 ms to 30 s', () => {
    const ceilings = Array.from({ length: 10 }, (_, attempt) =>
      reconnectDelay(attempt, 1, 30_000, 0),
    )
    expect(ceilings).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000,
    ])
    expect(reconnectDelay(5, 0, 30_000, 0)).toBe(0)
    expect(reconnectDelay(5, 0.25, 30_000, 0)).toBe(4_000)
  })

  test('C10 is never above what the application allows, however many have failed', () => {
    expect(reconnectDelay(3, 1, 2_500, 0)).toBe(2_500)
    expect(reconnectDelay(10_000, 1, 30_000, 0)).toBe(30_000)
  })

  test('C11 is at least what the server asked for, and spread after that', () => {
    expect(reconnectDelay(0, 0, 30_000, 5_000)).toBe(5_000)
    expect(reconnectDelay(0, 0.5, 30_000, 5_000)).toBe(5_250)
    expect(reconnectDelay(0, 0.5, 30_000, 120_000)).toBe(120_250)
  })
})
