import { beforeEach, describe, expect, test } from 'vitest'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { typingIndicator } from './typing-indicator.js'

let environment: SimulatedEnvironment
let ada: Awareness
let bob: Awareness

beforeEach(() => {
  environment = new SimulatedEnvironment()
  ada = new Awareness(new Y.Doc())
  bob = new Awareness(new Y.Doc())
  ada.on('update', () => {
    applyAwarenessUpdate(bob, encodeAwarenessUpdate(ada, [ada.clientID]), 'network')
  })
  return () => {
    ada.doc.destroy()
    bob.doc.destroy()
  }
})

describe('C33 who types', () => {
  test('is shown to the others until 3 s after the last keystroke', async () => {
    const typing = typingIndicator(ada, { environment })
    const seen = typingIndicator(bob, { environment })
    const changes: (readonly number[])[] = []
    seen.onChange((others) => changes.push(others))
    typing.typed()
    await environment.advance(2_000)
    typing.typed()
    await environment.advance(2_999)
    expect(seen.others).toEqual([ada.clientID])
    await environment.advance(1)
    expect(seen.others).toEqual([])
    expect(changes).toEqual([[ada.clientID], []])
    expect(typing.others).toEqual([])
  })

  test('stops when told so, and writes the state no more often than it changes', () => {
    const typing = typingIndicator(ada, { environment })
    let writes = 0
    ada.on('update', () => writes++)
    typing.typed()
    typing.typed()
    typing.typed()
    typing.stop()
    expect(writes).toBe(2)
    expect(environment.pendingTimers).toBe(0)
  })

  test('is no longer shown to type where its state is gone', () => {
    const seen = typingIndicator(bob, { environment })
    typingIndicator(ada, { environment }).typed()
    expect(seen.others).toEqual([ada.clientID])
    ada.setLocalState(null)
    expect(seen.others).toEqual([])
  })

  test('is told to nobody who does not listen any more', () => {
    const seen = typingIndicator(bob, { environment })
    const changes: unknown[] = []
    const stop = seen.onChange((others) => changes.push(others))
    stop()
    typingIndicator(ada, { environment }).typed()
    seen.destroy()
    expect(changes).toEqual([])
  })

  test('is not announced by a client that has no presence', () => {
    ada.setLocalState(null)
    typingIndicator(ada, { environment }).typed()
    expect(ada.getLocalState()).toBeNull()
  })
})
