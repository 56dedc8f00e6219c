import { expect, test } from 'vitest'
import { NoComplaints } from './no-complaints.js'

test('whatever is complained of is caught', () => {
  expect(new NoComplaints().complained('a promise without an owner')).toBe(
    'a promise without an owner',
  )
})
