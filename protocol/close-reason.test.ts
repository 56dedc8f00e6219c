import { describe, expect, test } from 'vitest'
import { closeReason, parseCloseReason } from './close-reason.js'
import { CairnError } from './errors.js'

describe('the reason of a close', () => {
  test('says the code and the message', () => {
    const reason = closeReason(new CairnError('RATE', 'too often: slow down'))
    expect(reason).toBe('RATE: too often: slow down')
    expect(parseCloseReason(reason)).toEqual({
      code: 'RATE',
      message: 'too often: slow down',
      retryAfterMs: 0,
    })
  })

  test('says when to come back, before anything that may be cut off', () => {
    const reason = closeReason(new CairnError('GOING_AWAY', 'restart', { retryAfterMs: 1_500.2 }))
    expect(reason).toBe('GOING_AWAY;retry-after=1501: restart')
    expect(parseCloseReason(reason.slice(0, 34)).retryAfterMs).toBe(1_501)
  })

  test.each([
    '',
    'room is full',
    'Code: x',
    'X: y',
    'RATE;retry-after=-1: z',
    'RATE;retry-after=: z',
  ])('of another server, such as %j, is a message alone', (reason) => {
    expect(parseCloseReason(reason)).toEqual({ code: '', message: reason, retryAfterMs: 0 })
  })
})
