import { beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeUpdate } from '../protocol/codec.js'
import { FakeChannels } from '../test/fake-channels.js'
import { ProviderRig, type RigOptions } from '../test/provider-rig.js'

/** A document of the server, and what a peer made of it, who has a way here of its own. */
let server: Y.Doc
let base: Uint8Array
let deletion: Uint8Array
let addition: Uint8Array
const rigs: ProviderRig[] = []

function live(options: RigOptions = {}): ProviderRig {
  const rig = new ProviderRig(options).goLive()
  rigs.push(rig)
  return rig
}

/** What the server has after all that the provider has sent on its connection. */
function textOfServer({ socket }: ProviderRig): string {
  for (const update of socket.updates) Y.applyUpdate(server, update)
  return server.getText('text').toString()
}

beforeEach(() => {
  server = new Y.Doc()
  const peer = new Y.Doc()
  server.getText('text').insert(0, 'hello')
  base = Y.encodeStateAsUpdate(server)
  Y.applyUpdate(peer, base)
  const before = Y.encodeStateVector(peer)
  peer.getText('text').insert(5, '!')
  addition = Y.diffUpdate(Y.encodeStateAsUpdate(peer), before)
  peer.once('update', (update: Uint8Array) => {
    deletion = update
  })
  peer.getText('text').delete(0, 5)
  return () => {
    for (const { provider, doc } of rigs.splice(0)) {
      provider.destroy()
      doc.destroy()
    }
  }
})

describe('C1 a change that comes from elsewhere before what it builds on', () => {
  test.each([
    ['a delete', () => [deletion], ''],
    ['text', () => [addition], 'hello!'],
    ['both', () => [addition, deletion], '!'],
  ] as const)('is unsaved and sent once the server sends that: %s', (_, changes, text) => {
    const rig = live()
    for (const change of changes()) Y.applyUpdate(rig.doc, change, 'peer')
    rig.socket.receive(encodeUpdate(base))
    expect(rig.text).toBe(text)
    expect(rig.provider).toMatchObject({ unsavedChanges: 1, saved: false })
    expect(textOfServer(rig)).toBe(text)
    rig.socket.acknowledge(2)
    expect(rig.provider).toMatchObject({ unsavedChanges: 0, saved: true })
  })

  test('is sent where another tab brings that', async () => {
    const channels = new FakeChannels()
    const first = live({ channels })
    const second = live({ channels, environment: first.environment })
    await first.environment.settle()
    Y.applyUpdate(second.doc, deletion, 'peer')
    Y.applyUpdate(first.doc, base, 'peer')
    await first.environment.settle()
    expect(textOfServer(second)).toBe('')
    expect(first.text).toBe('')
  })

  test('waits with everything else where there is no connection', async () => {
    const rig = live()
    Y.applyUpdate(rig.doc, deletion, 'peer')
    await rig.reconnect()
    rig.socket.greet().receive(encodeUpdate(base))
    expect(rig.provider.saved).toBe(false)
    rig.socket.sync(server)
    expect(textOfServer(rig)).toBe('')
  })
})

test('what the server itself sends too early is not sent back', () => {
  const rig = live()
  rig.socket.receive(encodeUpdate(deletion)).receive(encodeUpdate(base))
  expect(rig.text).toBe('')
  expect(rig.provider.saved).toBe(true)
  expect(rig.socket.of('update')).toEqual([])
})

test('what waits for good has nothing else sent back', () => {
  const rig = live()
  const stranger = new Y.Doc()
  stranger.getText('text').insert(0, 'unknown')
  const before = Y.encodeStateVector(stranger)
  stranger.getText('text').insert(7, '?')
  Y.applyUpdate(rig.doc, Y.diffUpdate(Y.encodeStateAsUpdate(stranger), before), 'peer')
  rig.socket.receive(encodeUpdate(base))
  expect(rig.text).toBe('hello')
  expect(rig.socket.of('update')).toEqual([])
})
