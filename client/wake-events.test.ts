import { beforeEach, describe, expect, test } from 'vitest'
import { followWakeEvents, isOnline } from './wake-events.js'

/** A page whose events the test raises. */
class FakePage extends EventTarget {
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  readonly navigator = { onLine: true }
}

let page: FakePage
let heard: string[]
let stop: () => void

beforeEach(() => {
  page = new FakePage()
  heard = []
  const owner = { onWake: () => heard.push('wake'), onOffline: () => heard.push('offline') }
  stop = followWakeEvents(owner, page)
})

describe('C13 a page', () => {
  test.each(['online', 'pageshow'])('wakes on %s', (event) => {
    page.dispatchEvent(new Event(event))
    expect(heard).toEqual(['wake'])
  })

  test('wakes when it is seen, not when it is hidden', () => {
    page.document.visibilityState = 'hidden'
    page.document.dispatchEvent(new Event('visibilitychange'))
    expect(heard).toEqual([])
    page.document.visibilityState = 'visible'
    page.document.dispatchEvent(new Event('visibilitychange'))
    expect(heard).toEqual(['wake'])
  })

  test('says that the network is lost', () => {
    page.dispatchEvent(new Event('offline'))
    expect(heard).toEqual(['offline'])
  })

  test('is followed no more once that is stopped', () => {
    stop()
    for (const event of ['online', 'pageshow', 'offline']) page.dispatchEvent(new Event(event))
    page.document.dispatchEvent(new Event('visibilitychange'))
    expect(heard).toEqual([])
  })
})

test('where there is no page nothing is followed, and the network is taken to be there', () => {
  const owner = { onWake: () => undefined, onOffline: () => undefined }
  expect(() => followWakeEvents(owner, {})()).not.toThrow()
  expect(isOnline({})).toBe(true)
  page.navigator.onLine = false
  expect(isOnline(page)).toBe(false)
})
