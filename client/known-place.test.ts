import { describe, expect, test } from 'vitest'
import { KnownPlace } from './known-place.js'

/** @param life the first 12 bytes, @param losses the last 4 */
function epoch(life: number, losses = 0): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, index) => (index < 12 ? life : losses))
}

const none = new Uint8Array(0)

function knownPlace(): KnownPlace {
  const place = new KnownPlace()
  place.setEpoch(epoch(1))
  place.reach(Uint8Array.of(7))
  return place
}

describe('C16 the place to go on from', () => {
  test('is not there before a server has said which document this is and how far it is', () => {
    const place = new KnownPlace()
    expect(place.resume).toBeUndefined()
    place.reach(Uint8Array.of(7))
    expect(place.resume).toBeUndefined()
    place.setEpoch(epoch(1))
    expect(place.resume).toBeUndefined()
    place.reach(Uint8Array.of(7))
    expect(place.resume).toEqual({ epoch: epoch(1), position: Uint8Array.of(7) })
  })

  test('is kept as long as the epoch stays, and copies what may be part of a frame', () => {
    const place = knownPlace()
    place.setEpoch(epoch(1))
    const position = Uint8Array.of(8)
    place.reach(position)
    position[0] = 0
    expect(place.resume?.position).toEqual(Uint8Array.of(8))
    place.setEpoch(epoch(1, 1))
    expect(place.resume).toBeUndefined()
  })

  test('is not known after a reload, which keeps the epoch alone', () => {
    const place = new KnownPlace()
    place.recall(epoch(1))
    expect(place.epoch).toEqual(epoch(1))
    expect(place.resume).toBeUndefined()
  })
})

describe('the document of a server', () => {
  test('is taken for the same where nothing is known, or nothing has changed', () => {
    expect(new KnownPlace().compare(epoch(1), 'fsync')).toBe('same')
    expect(knownPlace().compare(epoch(1), 'fsync')).toBe('same')
    expect(new KnownPlace().compare(none, 'fsync')).toBe('same')
  })

  test('C17 is the same with losses where only the end of the epoch is another', () => {
    expect(knownPlace().compare(epoch(1, 9), 'os')).toBe('same-with-losses')
  })

  test('C18 is another where it was deleted, or made again', () => {
    expect(knownPlace().compare(epoch(2), 'fsync')).toBe('another')
    expect(knownPlace().compare(none, 'fsync')).toBe('another')
  })

  test('C18 is never another where the server keeps it in memory alone', () => {
    expect(knownPlace().compare(epoch(2), 'memory')).toBe('same-with-losses')
    expect(knownPlace().compare(none, 'memory')).toBe('same-with-losses')
  })

  test('C18 is taken for the same once the former is forgotten', () => {
    const place = knownPlace()
    place.forget()
    expect(place.compare(epoch(2), 'fsync')).toBe('same')
    expect(place.resume).toBeUndefined()
  })
})
