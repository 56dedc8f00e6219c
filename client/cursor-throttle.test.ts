import { beforeEach, describe, expect, test } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { throttledCursor } from './cursor-throttle.js'

let environment: SimulatedEnvironment
let awareness: Awareness
/** What was shown, and when. */
let shown: [number, unknown][]

beforeEach(() => {
  environment = new SimulatedEnvironment()
  awareness = new Awareness(new Y.Doc())
  shown = []
  awareness.on('update', () => {
    shown.push([environment.now(), awareness.getLocalState()?.cursor])
  })
  return () => awareness.doc.destroy()
})

describe('C32 a throttled cursor', () => {
  test('shows the first move at once, and of those within 50 ms the last when they are over', async () => {
    const cursor = throttledCursor<number>(awareness, { environment })
    for (let x = 0; x < 50; x++) {
      cursor.move(x)
      await environment.advance(2)
    }
    await environment.advance(1_000)
    expect(shown).toEqual([
      [0, 0],
      [50, 24],
      [100, 49],
    ])
  })

  test('shows a move after a rest at once', async () => {
    const cursor = throttledCursor(awareness, { environment, everyMs: 10 })
    cursor.move('a')
    await environment.advance(500)
    cursor.move('b')
    expect(shown.at(-1)).toEqual([500, 'b'])
  })

  test('is hidden at once, and stays so', async () => {
    const cursor = throttledCursor(awareness, { environment })
    cursor.move('a')
    cursor.move('b')
    cursor.hide()
    await environment.advance(1_000)
    expect(shown).toEqual([
      [0, 'a'],
      [0, null],
    ])
  })

  test('uses the field that it is told, and keeps no timer once destroyed', () => {
    const cursor = throttledCursor(awareness, { environment, field: 'pointer' })
    cursor.move(1)
    cursor.move(2)
    cursor.destroy()
    expect(awareness.getLocalState()).toEqual({ pointer: 1 })
    expect(environment.pendingTimers).toBe(0)
  })
})
