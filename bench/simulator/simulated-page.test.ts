import { expect, test } from 'vitest'
import { followWakeEvents } from '../../client/wake-events.js'
import { SimulatedPage } from './simulated-page.js'

test('a page wakes who follows it, until that is over, and nobody else', () => {
  const [page, other] = [new SimulatedPage(), new SimulatedPage()]
  const heard: string[] = []
  const owner = { onWake: () => heard.push('wake'), onOffline: () => heard.push('offline') }
  const stop = followWakeEvents(owner, page)
  for (const event of ['offline', 'online', 'pageshow', 'visibilitychange'] as const) {
    page.happen(event)
    other.happen(event)
  }
  expect(heard).toEqual(['offline', 'wake', 'wake', 'wake'])
  stop()
  page.happen('online')
  expect(heard).toHaveLength(4)
})
