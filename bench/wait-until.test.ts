import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { waitUntil } from './wait-until.js'

function subscriber(emitter: EventEmitter): (check: () => void) => () => void {
  return (check) => {
    emitter.on('event', check)
    return () => emitter.off('event', check)
  }
}

test('waitUntil resolves at the event after which its condition holds, and leaves nothing', async () => {
  const environment = new SimulatedEnvironment()
  const emitter = new EventEmitter()
  let count = 0
  emitter.on('event', () => count++)
  const options = { environment, deadlineMs: 100, describe: () => '' }
  const waiting = waitUntil(() => count === 2, subscriber(emitter), options)
  emitter.emit('event')
  expect(emitter.listenerCount('event')).toBe(2)
  emitter.emit('event')
  await waiting
  expect(emitter.listenerCount('event')).toBe(1)
  expect(environment.pendingTimers).toBe(0)
})

test('waitUntil fails at its deadline and says how far things have come', async () => {
  const environment = new SimulatedEnvironment()
  const emitter = new EventEmitter()
  const options = { environment, deadlineMs: 100, describe: () => 'two of three' }
  const waiting = expect(waitUntil(() => false, subscriber(emitter), options)).rejects.toThrow(
    'not within 100 ms: two of three',
  )
  await environment.advance(100)
  await waiting
  expect(emitter.listenerCount('event')).toBe(0)
})

test('waitUntil passes on what its condition throws', async () => {
  const emitter = new EventEmitter()
  const options = { environment: new SimulatedEnvironment(), deadlineMs: 1, describe: () => '' }
  const failing = waitUntil(
    () => {
      throw new Error('closed')
    },
    subscriber(emitter),
    options,
  )
  await expect(failing).rejects.toThrow('closed')
})
