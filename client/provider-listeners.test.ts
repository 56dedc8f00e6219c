import { afterEach, describe, expect, test } from 'vitest'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { encodeAwareness } from '../protocol/codec.js'
import { encodeAway } from '../protocol/extension-codec.js'
import { ProviderRig, type RigOptions } from '../test/provider-rig.js'

const rigs: ProviderRig[] = []

afterEach(() => {
  for (const { provider, doc } of rigs.splice(0)) {
    provider.destroy()
    doc.destroy()
  }
})

function open(options: RigOptions = {}): ProviderRig {
  const rig = new ProviderRig(options)
  rigs.push(rig)
  return rig
}

describe('a listener that edits', () => {
  test('C1 when it hears how much is unsaved is not told that all is saved', async () => {
    const rig = open().goLive()
    rig.type('a')
    let isWaiting = true
    const waited = rig.provider.whenSaved().then(() => {
      isWaiting = false
    })
    rig.provider.once('unsaved-changes', () => rig.type('b'))
    rig.socket.acknowledge(rig.socket.updates.length)
    await rig.environment.settle()
    expect(rig.provider).toMatchObject({ saved: false, unsavedChanges: 1 })
    expect(rig.of('saved').at(-1)).toBe(false)
    expect(isWaiting).toBe(true)
    rig.socket.acknowledge(rig.socket.updates.length)
    await waited
    expect(rig.provider.saved).toBe(true)
  })

  test('C1 when it hears that all is saved leaves nobody with old news', () => {
    const rig = open()
    const heard: boolean[] = []
    rig.provider.on('saved', (isSaved) => {
      if (isSaved && rig.text === 'a') rig.type('b')
    })
    rig.provider.on('saved', (isSaved) => heard.push(isSaved))
    rig.goLive()
    rig.type('a')
    rig.socket.acknowledge(rig.socket.updates.length)
    expect(rig.provider.saved).toBe(false)
    expect(heard.at(-1)).toBe(false)
    rig.socket.acknowledge(rig.socket.updates.length)
    expect(rig.provider.saved).toBe(true)
    expect(heard.at(-1)).toBe(true)
  })
})

describe('a listener that leaves', () => {
  test('when the sync is lost, and comes back at once, is told of it once', async () => {
    const rig = open().goLive()
    const { provider } = rig
    const opened = rig.network.sockets.length
    const comeBack = (isSynced: boolean): void => {
      if (isSynced) return
      provider.disconnect()
      provider.connect()
    }
    provider.on('sync', comeBack)
    rig.socket.end()
    expect(rig.of('sync')).toEqual([true, false])
    expect(rig.network.sockets).toHaveLength(opened + 1)
    rig.goLive()
    expect(rig.of('sync')).toEqual([true, false, true])
    expect(provider.status.state).toBe('live')
    provider.off('sync', comeBack)
  })

  test('when it is live is not told of a sync afterwards', () => {
    const rig = open()
    rig.provider.on('state', ({ state }) => {
      if (state === 'live') rig.provider.disconnect()
    })
    rig.goLive()
    expect(rig.of('sync').at(-1)).not.toBe(true)
    expect(rig.provider).toMatchObject({ synced: false, wsconnected: false })
  })
})

test('C31 who was away and is gone is not away any more', () => {
  const rig = open().goLive()
  const visitor = new Awareness(new Y.Doc())
  const say = (state: Record<string, unknown> | null): void => {
    visitor.setLocalState(state)
    const update = encodeAwarenessUpdate(visitor, [visitor.clientID])
    rig.socket.receive(encodeAwareness(update))
  }
  say({ name: 'visitor' })
  rig.socket.receive(encodeAway([visitor.clientID]))
  expect([...rig.provider.away]).toEqual([visitor.clientID])
  say(null)
  expect(rig.provider.away.size).toBe(0)
  visitor.doc.destroy()
})

test('C10 the longest wait may be set at any time', async () => {
  const rig = open()
  rig.provider.maxBackoffTime = 100
  expect(rig.provider.maxBackoffTime).toBe(100)
  for (let attempt = 2; attempt < 10; attempt++) {
    rig.socket.end()
    await rig.environment.advance(100)
    expect(rig.network.sockets).toHaveLength(attempt)
  }
})
