import { describe, expect, test } from 'vitest'
import { EditSchedule } from './edit-schedule.js'

const steady = { editors: 4, rate: 10, durationMs: 2_000, rampMs: 0, editsEach: 0 }

describe('an edit schedule', () => {
  test('gives every editor its rate, and spreads the editors evenly', () => {
    const schedule = new EditSchedule(steady)
    expect(schedule.editsEach).toBe(20)
    expect([0, 1, 2, 3].map((editor) => schedule.dueAt(editor, 0))).toEqual([0, 25, 50, 75])
    expect(schedule.dueAt(0, 1)).toBe(100)
    expect(schedule.dueAt(3, 19)).toBeLessThanOrEqual(2_000)
  })

  test('grows the rate over the ramp, which makes half as many edits in that time', () => {
    const schedule = new EditSchedule({ ...steady, rampMs: 1_000 })
    expect(schedule.editsEach).toBe(15)
    expect(schedule.dueAt(0, 5)).toBe(1_000)
    expect(schedule.dueAt(0, 1) - schedule.dueAt(0, 0)).toBeGreaterThan(400)
    expect(schedule.dueAt(0, 9) - schedule.dueAt(0, 8)).toBeCloseTo(100)
  })

  test('counts what is due as it dates it', () => {
    const schedule = new EditSchedule({ ...steady, rampMs: 500 })
    for (let edit = 0; edit < schedule.editsEach; edit++) {
      const due = schedule.dueAt(0, edit)
      expect(schedule.dueBy(due + 0.001)).toBe(edit * 4)
    }
    expect(schedule.dueBy(-1)).toBe(0)
    expect(schedule.dueBy(1e9)).toBe(schedule.editsEach * 4)
  })

  test('has everything due at once where there is no rate', () => {
    const schedule = new EditSchedule({ ...steady, rate: undefined, editsEach: 300 })
    expect(schedule.editsEach).toBe(300)
    expect(schedule.dueAt(3, 299)).toBe(0)
    expect(schedule.dueBy(0)).toBe(1_200)
  })
})
