import { expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import type { StopSignal } from './command-context.js'
import { StopSignals } from './stop-signals.js'

function createSignals() {
  const environment = new SimulatedEnvironment()
  const exits: number[] = []
  const listeners = new Set<(signal: StopSignal) => void>()
  const signals = new StopSignals({
    environment,
    exit: (code) => {
      exits.push(code)
    },
    onStopSignal: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  const send = (signal: StopSignal) => {
    for (const listener of listeners) listener(signal)
  }
  return { signals, environment, exits, listeners, send }
}

test('the first signal is a request to stop', async () => {
  const { signals, exits, send } = createSignals()
  send('SIGTERM')
  expect(await signals.requested).toBe('SIGTERM')
  expect(exits).toEqual([])
})

test('a second signal ends the process at once, with the code that a shell expects', async () => {
  const { environment, exits, send } = createSignals()
  send('SIGINT')
  await environment.advance(300)
  send('SIGINT')
  send('SIGTERM')
  expect(exits).toEqual([130, 143])
})

test('the copy of a signal that npm passes on does not count as a second one', async () => {
  const { environment, exits, send } = createSignals()
  send('SIGINT')
  send('SIGINT')
  await environment.advance(100)
  send('SIGINT')
  expect(exits).toEqual([])
})

test('nothing listens any more once it is disposed of', () => {
  const { signals, listeners } = createSignals()
  signals.dispose()
  expect(listeners.size).toBe(0)
})
