import { expect, test } from 'vitest'
import { VirtualTime } from '../../runtime/virtual-time.js'
import { RandomStream } from './random-stream.js'
import { SimulatedProcess } from './simulated-process.js'

function start(onDeath: () => void = () => undefined) {
  const time = new VirtualTime()
  const clock = { base: 1_000 }
  const process = new SimulatedProcess(time, clock, new RandomStream(1), onDeath)
  return { time, clock, process }
}

test('a process dies in front of the effect that was drawn, and has none after', () => {
  let deaths = 0
  const { process } = start(() => deaths++)
  process.killAfter(3)
  expect([1, 2, 3, 4].map(() => process.touch('send'))).toEqual([true, true, false, false])
  process.kill()
  expect(deaths).toBe(1)
})

test('nothing of the world reaches a dead process', async () => {
  const { time, process } = start()
  const heard: string[] = []
  process.setTimer(() => heard.push('timer'), 10)
  process.defer(() => heard.push('deferred'))
  process
    .call('disk', 10, () => 'done')
    .then(
      () => heard.push('call'),
      () => heard.push('call'),
    )
  time.at(0, () => process.kill())
  await time.run()
  expect(heard).toEqual(['deferred'])
})

test('timers are counted until they fire or are cancelled', async () => {
  const { time, process } = start()
  const timer = process.setTimer(() => undefined, 10)
  process.setTimer(() => undefined, 20)
  expect(process.pendingTimers).toBe(2)
  timer.cancel()
  timer.cancel()
  expect(process.pendingTimers).toBe(1)
  await time.run()
  expect(process.pendingTimers).toBe(0)
})

test('the wall clock jumps with its machine, the other one does not', () => {
  const { clock, process } = start()
  clock.base += 500
  expect([process.now(), process.wallClock()]).toEqual([0, 1_500])
})
