import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeUpdate } from '../protocol/codec.js'
import { encodeAccess } from '../protocol/extension-codec.js'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { FakeChannels } from '../test/fake-channels.js'
import { ProviderRig, type RigOptions } from '../test/provider-rig.js'

let environment: SimulatedEnvironment
let channels: FakeChannels
const tabs: ProviderRig[] = []

function tab(options: RigOptions = {}): ProviderRig {
  const opened = new ProviderRig({ environment, channels, ...options })
  tabs.push(opened)
  return opened
}

/** Two tabs that have the document, everything saved. */
async function twoLive(options: RigOptions = {}): Promise<[ProviderRig, ProviderRig]> {
  const [first, second] = [tab(options).goLive(), tab(options).goLive()]
  await environment.settle()
  expect([first.provider.saved, second.provider.saved]).toEqual([true, true])
  return [first, second]
}

beforeEach(() => {
  environment = new SimulatedEnvironment()
  channels = new FakeChannels()
})

afterEach(() => {
  for (const { provider, doc } of tabs.splice(0)) {
    provider.destroy()
    doc.destroy()
  }
})

describe('C25 the tabs of a browser', () => {
  test('have each other’s edits, of before and after they met, without a server', async () => {
    const first = tab().type('a')
    const second = tab().type('b')
    await environment.settle()
    expect(second.text).toBe(first.text)
    expect(first.text).toHaveLength(2)
    second.type('c')
    await environment.settle()
    expect(first.text).toHaveLength(3)
  })

  test('see each other’s presence, and that one has left', async () => {
    const [first, second] = [tab(), tab()]
    first.provider.awareness.setLocalStateField('name', 'ada')
    await environment.settle()
    const seen = () => second.provider.awareness.getStates().get(first.doc.clientID)
    expect(seen()).toEqual({ name: 'ada' })
    first.provider.disconnect()
    await environment.settle()
    expect(seen()).toBeUndefined()
  })

  test('are left alone where the application wants it, or has left', async () => {
    const [first, second] = [tab({ disableBc: true }), tab()]
    expect(first.provider.bcconnected).toBe(false)
    first.type('a')
    second.provider.disconnect()
    expect(second.provider.bcconnected).toBe(false)
    await environment.settle()
    expect(second.text).toBe('')
    second.provider.connect()
    expect(second.provider.bcconnected).toBe(true)
  })

  test('pass over what is no message of theirs', async () => {
    const first = tab()
    const junk = [
      null,
      7,
      'text',
      { kind: 'update' },
      { kind: 'update', from: 'x', number: -1, update: new Uint8Array() },
      { kind: 'saved', from: 'x', through: 1.5 },
      { kind: 'state', from: 'x', to: 1 },
      { kind: 'of tomorrow', from: 'x' },
    ]
    for (const message of junk) channels.post('ws://server/notes', message)
    expect(first.events.filter(([name]) => name === 'error')).toEqual([])
    channels.post('ws://server/notes', {
      kind: 'update',
      from: 'x',
      number: 1,
      update: Uint8Array.of(255),
    })
    expect(first.of('error')).toHaveLength(1)
  })
})

describe('C26 the scope of the tabs', () => {
  test('is the address alone where nobody shows a token', () => {
    tab()
    expect(channels.names).toEqual(['ws://server/notes'])
  })

  test('is not there before the server has said who a token is of', () => {
    const { provider, socket } = tab({ token: 't' })
    expect(channels.names).toEqual([])
    expect(provider.bcconnected).toBe(false)
    socket.greet().receive(encodeAccess({ access: 'write', principal: 'ada', expiresInMs: 0 }))
    socket.sync()
    expect(channels.names).toEqual(['ws://server/notes#ada:write'])
    expect(provider.bcChannel).toBe('ws://server/notes#ada:write')
  })

  test('is never there where the server does not say who a token is of', () => {
    const { provider, socket } = tab({ token: 't' })
    socket.accept('').sync()
    provider.connectBc()
    expect(channels.names).toEqual([])
  })

  test('keeps apart who is somebody else, or may do something else', async () => {
    const as = (principal: string, access: 'read' | 'write') => {
      const opened = tab()
      opened.socket
        .greet({ access })
        .receive(encodeAccess({ access, principal, expiresInMs: 0 }))
        .sync()
      return opened
    }
    const ada = as('ada', 'write')
    const others = [as('bob', 'write'), as('ada', 'read')]
    ada.type('mine')
    await environment.settle()
    expect(others.map(({ text }) => text)).toEqual(['', ''])
  })

  test('changes with the access, and is what the application says it is', async () => {
    const { socket } = tab({ token: 't' })
    const access = (is: 'read' | 'write') =>
      encodeAccess({ access: is, principal: 'ada', expiresInMs: 0 })
    socket.greet().receive(access('write')).sync().receive(access('read'))
    expect(channels.names).toEqual(['ws://server/notes#ada:read'])
    tab({ token: 't', tabScope: 'mine' })
    expect(channels.names).toContain('ws://server/notes#mine')
  })
})

describe('C27 a change of another tab', () => {
  test('is unsaved until its tab says that it is saved', async () => {
    const [author, reader] = await twoLive()
    author.type('a')
    await environment.settle()
    expect(reader.provider).toMatchObject({ unsavedChanges: 1, saved: false })
    author.socket.acknowledge(2)
    await environment.settle()
    expect(reader.provider).toMatchObject({ unsavedChanges: 0, saved: true })
    expect(reader.socket.of('update')).toEqual([])
  })

  test('is sent from here where its tab has not said so for 2 s', async () => {
    const [author, other] = await twoLive()
    author.type('a')
    await environment.advance(1_999)
    expect(other.socket.of('update')).toEqual([])
    await environment.advance(1)
    expect(other.socket.of('update')).toHaveLength(1)
    expect(other.provider.saved).toBe(false)
    other.socket.acknowledge(2)
    expect(other.provider.saved).toBe(true)
    await environment.advance(10_000)
    expect(other.socket.of('update')).toHaveLength(1)
  })

  test('is sent from here where its tab leaves', async () => {
    const [author, other] = await twoLive()
    author.socket.end()
    author.type('a')
    await environment.settle()
    author.provider.destroy()
    await environment.settle()
    expect(other.socket.of('update')).toHaveLength(1)
  })

  test('is unsaved where it builds on what the server has not sent here yet', async () => {
    const [author, other] = await twoLive()
    const server = new Y.Doc()
    server.getText('text').insert(0, 'hello')
    const hello = Y.encodeStateAsUpdate(server)
    author.socket.receive(encodeUpdate(hello))
    author.doc.getText('text').delete(0, 5)
    await environment.settle()
    other.socket.receive(encodeUpdate(hello))
    expect(other.text).toBe('')
    expect(other.provider).toMatchObject({ unsavedChanges: 1, saved: false })
    // The author is gone without a word, and its frame with it.
    await environment.advance(2_000)
    for (const update of other.socket.updates) Y.applyUpdate(server, update)
    expect(server.getText('text').toString()).toBe('')
    other.socket.acknowledge(2)
    expect(other.provider).toMatchObject({ unsavedChanges: 0, saved: true })
  })

  test('is sent from here where this tab leaves the others', async () => {
    const [author, other] = await twoLive()
    author.type('a')
    await environment.settle()
    other.provider.disconnectBc()
    expect(other.socket.of('update')).toHaveLength(1)
    other.socket.acknowledge(2)
    expect(other.provider).toMatchObject({ unsavedChanges: 0, saved: true })
  })

  test('is sent from here where very many wait, and none is left behind', async () => {
    const [author, other] = await twoLive()
    author.socket.end()
    for (let i = 0; i < 1_300; i++) author.type('x')
    await environment.advance(2_000)
    expect(other.socket.of('update').length).toBeGreaterThanOrEqual(1_300)
    other.socket.acknowledge(other.socket.updates.length)
    expect(other.provider).toMatchObject({ unsavedChanges: 0, saved: true })
  })

  test('C6 is not sent where it is larger than the server takes, which would close this tab', async () => {
    const small = { maxUpdateBytes: 1_000 }
    const [author, other] = [tab(), tab()]
    for (const { socket } of [author, other]) socket.greet(small).sync().acknowledge(1)
    await environment.settle()
    author.type('x'.repeat(2_000))
    other.type('y')
    await environment.advance(2_000)
    expect(other.socket.of('update')).toHaveLength(1)
    expect(other.of('rejected')).toMatchObject([{ error: { code: 'TOO_LARGE' }, changes: 1 }])
    other.socket.acknowledge(2)
    expect(other.provider).toMatchObject({ unsavedChanges: 0, rejectedChanges: 1, saved: false })
  })

  test('goes out with the answer of a tab that was offline too', async () => {
    const [author, other] = await twoLive()
    author.socket.end()
    other.socket.end()
    author.type('a')
    await environment.settle()
    expect(other.provider.unsavedChanges).toBe(1)
    await other.nextAttempt()
    other.socket.greet().sync()
    other.socket.acknowledge(1)
    expect(other.provider).toMatchObject({ unsavedChanges: 0, saved: true })
  })

  test('is not counted where the server has shown it before', async () => {
    const [author, other] = await twoLive()
    other.socket.sync(author.doc)
    author.type('a')
    other.socket.sync(author.doc)
    await environment.settle()
    expect(other.provider.unsavedChanges).toBe(0)
  })
})

describe('C28 a tab that may only read', () => {
  const forbid = ({ socket }: ProviderRig): void => {
    socket.receive(encodeAccess({ access: 'read', principal: '', expiresInMs: 0 }))
  }

  test.each([{}, { tabScope: 'all' }])(
    'shows them nothing while it is away (%o)',
    async (options) => {
      const writer = tab(options).goLive()
      const reader = tab(options)
      reader.socket.greet({ access: 'read' }).sync()
      reader.provider.disconnect()
      reader.type('not allowed')
      reader.provider.connect()
      expect(reader.provider.bcconnected).toBe(true)
      await environment.advance(3_000)
      reader.socket.accept()
      reader.provider.connectBc()
      await environment.settle()
      expect(writer.text).toBe('')
    },
  )

  test('shows them nothing of what it changes before it has everything', async () => {
    const writer = tab().goLive()
    const reader = tab()
    reader.socket.greet({ access: 'read' })
    reader.type('not allowed')
    await environment.settle()
    reader.socket.sync()
    await environment.settle()
    expect(writer.text).toBe('')
    expect(reader.provider.bcChannel).toBe('ws://server/notes#:read')
  })

  test('from now on does not wait for ever for what another has not saved', async () => {
    const [author, other] = await twoLive()
    author.type('a')
    await environment.settle()
    forbid(other)
    author.socket.acknowledge(2)
    expect(other.provider).toMatchObject({ unsavedChanges: 0, rejectedChanges: 1, saved: false })
    expect(other.of('rejected')).toMatchObject([{ error: { code: 'FORBIDDEN' }, changes: 1 }])
  })

  test('does not wait for ever for what another reader has changed', async () => {
    const readers = await twoLive()
    readers.forEach(forbid)
    await environment.settle()
    const [author, other] = readers
    author.type('not allowed')
    await environment.advance(2_000)
    expect(other.text).toBe('not allowed')
    expect(other.provider).toMatchObject({ unsavedChanges: 0, rejectedChanges: 1, saved: false })
    expect(other.socket.of('update')).toEqual([])
  })

  test('shows nobody who may write what it has changed', async () => {
    const writer = tab({ tabScope: 'all' }).goLive()
    const reader = tab({ tabScope: 'all' })
    reader.socket.greet({ access: 'read' }).sync()
    await environment.settle()
    reader.type('not allowed')
    await environment.advance(5_000)
    expect(writer.text).toBe('')
    expect(writer.socket.of('update')).toEqual([])
  })
})
