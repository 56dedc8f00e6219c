import { afterEach, describe, expect, test } from 'vitest'
import { systemEnvironment } from '../runtime/system-environment.js'
import type { ConnectionRequest, Principal } from '../server/index.js'
import { GatedStore } from './gated-store.js'
import { LiveProvider, type LiveProviderOptions } from './live-provider.js'
import { LiveServer, type LiveServerOptions } from './live-server.js'
import { polled, waitFor } from './wait-for.js'

const cleanUps: (() => unknown)[] = []

async function start(options: LiveServerOptions = {}): Promise<LiveServer> {
  const server = await LiveServer.start(options)
  cleanUps.push(() => server.destroy())
  return server
}

function open(server: LiveServer, options: LiveProviderOptions = {}, name = 'notes'): LiveProvider {
  const provider = new LiveProvider(server.url, name, options)
  cleanUps.push(() => provider.destroy())
  return provider
}

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** A server whose disk waits for the test. */
async function startGated(): Promise<{ server: LiveServer; disk: () => GatedStore }> {
  let gated: GatedStore | undefined
  const server = await start({
    wrapStore: (store) => {
      gated = new GatedStore(store)
      return gated
    },
  })
  return {
    server,
    disk: () => {
      if (gated === undefined) throw new Error('the server has no store')
      return gated
    },
  }
}

describe('saved', () => {
  test('C2 says fsync with the default server, and all are told of all', async () => {
    const server = await start()
    const ada = await open(server).saved()
    const bob = await open(server).live()
    ada.type('hello')
    expect(ada.provider).toMatchObject({ saved: false, unsavedChanges: 1 })
    await bob.has('hello')
    await ada.saved()
    expect(ada.provider).toMatchObject({ saved: true, unsavedChanges: 0, durability: 'fsync' })
    expect(ada.states).toEqual(['connecting', 'syncing', 'live'])
  })

  test('C2 is never true before the append is durable, over a cut and a return', async () => {
    const { server, disk } = await startGated()
    const ada = await open(server).saved()
    const wrong: number[] = []
    ada.provider.on('saved', (isSaved) => {
      if (isSaved && disk().waitingAppends > 0) wrong.push(disk().waitingAppends)
    })
    disk().hold()
    ada.type('a')
    await waitFor('the append waits', () => disk().waitingAppends > 0, polled)
    expect(ada.provider.saved).toBe(false)
    server.cutSockets()
    await ada.until('it is lost', () => ada.provider.status.state === 'reconnecting')
    await ada.live()
    ada.type('b')
    await waitFor('both appends wait', () => disk().waitingAppends > 1, polled)
    expect(ada.provider.saved).toBe(false)
    disk().release()
    await ada.saved()
    expect(wrong).toEqual([])
  })

  test('C3 comes back with unsaved edits after a disk that failed', async () => {
    const { server, disk } = await startGated()
    const ada = await open(server).saved()
    disk().breakDown()
    ada.type('kept here')
    await ada.until('it was sent away', () => ada.reason?.code === 'STORE_UNAVAILABLE')
    expect(ada.provider.saved).toBe(false)
    disk().heal()
    ada.environment.skip(30_000)
    await ada.saved()
    await (await open(server).live()).has('kept here')
  })

  test('C3 C4 C23 brings edits made without a network, once, and others what they missed', async () => {
    const server = await start()
    const [ada, bob] = [await open(server).saved(), await open(server).saved()]
    ada.provider.disconnect()
    for (const letter of 'offline') ada.type(letter)
    ada.doc.getText('text').delete(0, 3)
    expect(ada.provider).toMatchObject({ saved: false, unsavedChanges: 8 })
    bob.type('online ')
    await bob.saved()
    ada.provider.connect()
    await ada.saved()
    await bob.until('both have the same', () => bob.text === ada.text)
    expect([...bob.text].sort()).toEqual([...'online line'].sort())
    await ada.provider.whenSaved()
  })

  test('C3 holds over a restart of the server', async () => {
    const server = await start()
    const ada = await open(server).saved()
    ada.type('before ')
    await ada.saved()
    await server.restart()
    ada.type('after')
    ada.environment.skip(30_000)
    await ada.saved()
    expect((await server.cairn.read('notes')).getText('text').toString()).toBe('before after')
    expect(ada.resets).toEqual([])
  })
})

describe('what a server refuses', () => {
  test('C6 an update that is too large is told with its code, and is nowhere else', async () => {
    const server = await start({ limits: { updateBytes: 2_000 } })
    const [ada, bob] = [await open(server).saved(), await open(server).saved()]
    ada.type('x'.repeat(50_000))
    await ada.until('it is refused', () => ada.rejections.length > 0)
    expect(ada.rejections).toMatchObject([{ error: { code: 'TOO_LARGE' }, changes: 1 }])
    expect(ada.provider).toMatchObject({ unsavedChanges: 0, rejectedChanges: 1, saved: false })
    await expect(ada.provider.whenSaved()).rejects.toMatchObject({ code: 'TOO_LARGE' })
    bob.type('small')
    await ada.until('it goes on', () => ada.text.includes('small'))
    expect(bob.text).toBe('small')
    expect(ada.provider.status.state).toBe('live')
  })

  test('C6 what was written offline and is too large in all is refused on the return', async () => {
    const server = await start({ limits: { updateBytes: 2_000 } })
    const ada = await open(server).saved()
    ada.provider.disconnect()
    for (let i = 0; i < 30; i++) ada.type('x'.repeat(100))
    ada.provider.connect()
    await ada.until('it is refused', () => ada.rejections.length > 0)
    expect(ada.rejections).toMatchObject([{ error: { code: 'TOO_LARGE' }, changes: 30 }])
    expect(ada.provider).toMatchObject({ unsavedChanges: 0, rejectedChanges: 30, saved: false })
    await ada.live()
  })

  test('C7 a reader’s edits are refused here, those of before it knew too', async () => {
    const server = await start({ authenticate: () => ({ id: 'ada', access: 'read' }) })
    const ada = open(server)
    ada.type('a')
    const saving = expect(ada.provider.whenSaved()).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await ada.until('it is refused', () => ada.rejections.length === 1)
    await saving
    await ada.live()
    ada.type('b')
    expect(ada.rejections).toMatchObject([
      { error: { code: 'FORBIDDEN' }, changes: 1 },
      { error: { code: 'FORBIDDEN' }, changes: 1 },
    ])
    expect(ada.provider).toMatchObject({ unsavedChanges: 0, rejectedChanges: 2, access: 'read' })
    expect((await server.cairn.read('notes')).getText('text').toString()).toBe('')
  })

  test('C7 a reader that has changed nothing has everything saved', async () => {
    const access = (request: ConnectionRequest): Principal => ({
      id: 'ada',
      access: request.url.includes('reader') ? 'read' : 'write',
    })
    const server = await start({ authenticate: access })
    await open(server).type('text').saved()
    const reader = await open(server, { params: { reader: '1' } }).saved()
    expect(reader.text).toBe('text')
  })

  test('C12 a client that may not enter is told why and does not come back', async () => {
    const server = await start({ authenticate: () => undefined })
    const ada = open(server)
    await ada.until('it is closed', () => ada.provider.status.state === 'closed')
    expect(ada.reason).toMatchObject({ code: 'UNAUTHENTICATED', closeCode: 4401 })
    await expect(ada.provider.whenSaved()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    ada.environment.skip(600_000)
    expect(ada.sockets).toHaveLength(1)
  })
})

describe('tokens', () => {
  test('C20 C22 a newer one changes the access over the standing connection', async () => {
    const principal = ({ token }: ConnectionRequest): Principal | undefined => {
      const expiresAt = systemEnvironment.wallClock() + 60_000
      if (token !== 'read' && token !== 'write') return undefined
      return { id: 'ada', access: token, expiresAt }
    }
    const server = await start({ authenticate: principal })
    let token = 'read'
    const ada = await open(server, { token: async () => token }).live()
    ada.type('not yet')
    expect(ada.provider).toMatchObject({ access: 'read', rejectedChanges: 1 })
    token = 'write'
    ada.environment.skip(48_000)
    await ada.until('it may write', () => ada.provider.access === 'write')
    await ada.saved()
    expect(ada.sockets).toHaveLength(1)
    expect(ada.provider.rejectedChanges).toBe(0)
    expect((await server.cairn.read('notes')).getText('text').toString()).toBe('not yet')
  })

  test('C19 C21 each attempt shows a fresh one, which is in no address', async () => {
    const seen: ConnectionRequest[] = []
    const server = await start({
      authenticate: (request) => {
        seen.push(request)
        return { id: 'ada', access: 'write' }
      },
    })
    let calls = 0
    const ada = await open(server, { token: () => `té ${++calls}` }).saved()
    ada.cut()
    await ada.until('it is lost', () => ada.provider.status.state === 'reconnecting')
    await ada.live()
    expect(seen.map(({ token }) => token)).toEqual(['té 1', 'té 2'])
    expect(seen.map(({ url }) => url)).toEqual(['/notes', '/notes'])
  })
})

describe('the others', () => {
  test('C34 get signals, and the sender how many that were', async () => {
    const server = await start()
    const [ada, bob] = [await open(server).saved(), await open(server).saved()]
    expect(await ada.provider.signalAcknowledged({ ping: 1 })).toEqual({ reached: 1 })
    await bob.until('the signal is there', () => bob.signals.length > 0)
    expect(bob.signals).toMatchObject([{ principal: '', value: { ping: 1 } }])
    expect(ada.signals).toEqual([])
    await expect(ada.provider.signalAcknowledged('x'.repeat(20_000))).rejects.toMatchObject({
      code: 'TOO_LARGE',
    })
  })

  test('C31 see that somebody is away, and that they are back', async () => {
    const server = await start()
    const [ada, bob] = [await open(server).saved(), await open(server).saved()]
    ada.provider.awareness.setLocalStateField('name', 'ada')
    const state = () => bob.provider.awareness.getStates().get(ada.doc.clientID)
    await bob.until('ada is seen', () => state()?.name === 'ada')
    ada.environment.randomness = 1
    ada.cut()
    await bob.until('ada is away', () => bob.provider.away.has(ada.doc.clientID))
    expect(state()).toEqual({ name: 'ada' })
    ada.environment.skip(500)
    await bob.until('ada is back', () => !bob.provider.away.has(ada.doc.clientID))
    const id = ada.doc.clientID
    expect(bob.moves).toEqual([`away ${id}`, `back ${id}`])
    expect(state()).toEqual({ name: 'ada' })
  })
})
