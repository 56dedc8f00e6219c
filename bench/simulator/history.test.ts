import { expect, test } from 'vitest'
import { VirtualTime } from '../../runtime/virtual-time.js'
import { History } from './history.js'

/** A history at some moments of virtual time; ends at 100 ms. */
async function laneOf(act: (history: History, at: (ms: number, act: () => void) => void) => void) {
  const time = new VirtualTime()
  const history = new History('somebody', time)
  act(history, (ms, callback) => time.after(ms, callback))
  time.after(100, () => time.stop())
  await time.run()
  return history.lane
}

test('what is not over yet lasts until now', async () => {
  const lane = await laneOf((history, at) => at(20, () => history.begin('up', 'connected')))
  expect(lane).toEqual({
    name: 'somebody',
    spans: [{ fromMs: 20, toMs: 100, kind: 'up', what: 'connected' }],
  })
})

test('who comes back after vanishing was not there twice', async () => {
  const { spans } = await laneOf((history, at) => {
    at(10, () => history.begin('up', 'connected'))
    at(50, () => history.begin('up', 'connected'))
  })
  expect(spans.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
    [10, 50],
    [50, 100],
  ])
})

test('a heal ends the trouble there is and no connection', async () => {
  const { spans } = await laneOf((history, at) => {
    at(10, () => {
      history.begin('up', 'connected')
      history.add('timeout', 80)
      history.add('down', 5)
    })
    at(30, () => history.heal())
  })
  expect(spans.map(({ what, toMs }) => [what, toMs])).toEqual([
    ['connected', 100],
    ['timeout', 30],
    ['down', 15],
  ])
})
