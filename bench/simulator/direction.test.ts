import { expect, test } from 'vitest'
import { VirtualTime } from '../../runtime/virtual-time.js'
import { Direction } from './direction.js'
import { createToxic, type ToxicSpec } from './toxics/toxic-spec.js'

function chain(...specs: readonly ToxicSpec[]) {
  const time = new VirtualTime()
  const arrived: string[] = []
  const direction = new Direction(time, () => arrived.push(`spent@${time.now}`))
  for (const spec of specs)
    direction.add(
      spec,
      createToxic(spec, () => 0.5),
    )
  const send = (name: string, bytes: number) =>
    direction.send(bytes, () => arrived.push(`${name}@${time.now}`))
  return { time, direction, arrived, send }
}

test('a write goes through the toxics one after the other', async () => {
  const { time, arrived, send } = chain(
    { type: 'bandwidth', rate: 1 },
    { type: 'latency', latency: 30 },
  )
  send('a', 100)
  send('b', 50)
  await time.run()
  expect(arrived).toEqual(['a@130', 'b@180'])
})

test('a write arrives with its last piece', async () => {
  const { time, arrived, send } = chain({ type: 'slicer', average_size: 10, delay: 5_000 })
  send('a', 100)
  await time.run()
  expect(arrived).toEqual(['a@50'])
})

test('nothing overtakes what was sent before', async () => {
  const { time, direction, arrived, send } = chain()
  const late: ToxicSpec = { type: 'latency', latency: 500 }
  direction.add(
    late,
    createToxic(late, () => 0.5),
  )
  send('a', 1)
  direction.remove(late)
  send('b', 1)
  await time.run()
  expect(arrived).toEqual(['a@500', 'b@500'])
})

test('what is held, or was on its way when the hold began, goes on when it ends', async () => {
  const { time, direction, arrived, send } = chain({ type: 'latency', latency: 10 })
  const hold: ToxicSpec = { type: 'timeout', timeout: 0 }
  send('a', 1)
  time.at(5, () =>
    direction.add(
      hold,
      createToxic(hold, () => 0.5),
    ),
  )
  time.at(7, () => send('b', 1))
  time.at(100, () => direction.remove(hold))
  await time.run()
  expect(arrived).toEqual(['a@110', 'b@110'])
})

test('a limit ends it, and after a cut nothing arrives', async () => {
  const { time, direction, arrived, send } = chain({ type: 'limit_data', bytes: 10 })
  send('a', 10)
  send('b', 1)
  await time.run()
  expect(arrived).toEqual(['spent@0', 'a@0.01'])
  direction.cut()
  send('c', 1)
  await time.run()
  expect(arrived).toHaveLength(2)
})
