import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { yWebsocketServer } from '../bench/peers/peer-installation.js'
import { yWebsocketPeer } from '../bench/peers/peer-list.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { DropInClient, type DropInOptions, dropInKinds } from './drop-in-provider.js'
import { LiveServer } from './live-server.js'
import { saySkipped } from './say-skipped.js'
import { waitFor } from './wait-for.js'

const peerFolder = path.resolve('.cache', 'peers', yWebsocketServer.id)

/** A server under test; `start` returns its address, or throws why it cannot be had. */
const servers = [
  {
    name: 'Cairn',
    async start() {
      const server = await LiveServer.start()
      return { url: server.url, stop: () => server.destroy() }
    },
  },
  {
    name: '@y/websocket-server 0.1.1',
    async start() {
      if (!existsSync(path.join(peerFolder, 'installed.json'))) return undefined
      const directory = await mkdtemp(path.join(tmpdir(), 'cairn-peer-'))
      const peer = await yWebsocketPeer(peerFolder, false).start(systemEnvironment, directory)
      return {
        url: peer.target.url,
        async stop() {
          await peer.stop()
          await rm(directory, { recursive: true, force: true })
        },
      }
    },
  },
]

const howToInstall =
  'it is not installed; `npx cairn bench peers --peers y-websocket-server` does it'

describe.each(servers)('with $name', ({ name: serverName, start }) => {
  let server: Awaited<ReturnType<typeof start>>
  let documents = 0
  let name: string
  const clients: DropInClient[] = []

  beforeAll(async () => {
    server = await start()
    if (server === undefined) saySkipped(`provider-drop-in.test with ${serverName}`, howToInstall)
  })

  afterAll(() => server?.stop())

  beforeEach((context) => {
    if (server === undefined) context.skip(howToInstall)
    name = `document ${++documents}`
    return () => {
      for (const client of clients.splice(0)) client.destroy()
    }
  })

  describe.each(dropInKinds)('%s', (kind) => {
    const open = (options: DropInOptions = {}): DropInClient => {
      const client = new DropInClient(kind, server?.url ?? '', name, options)
      clients.push(client)
      return client
    }
    const synced = async (options: DropInOptions = {}): Promise<DropInClient> => {
      const client = open(options)
      await waitFor('the client is synced', () => client.provider.synced, client)
      return client
    }
    const has = (client: DropInClient, text: string): Promise<void> =>
      waitFor(`the client has ${text}`, () => client.text === text, client)

    test('C35 C36 connects at once and says so, step by step', async () => {
      const client = open()
      expect(client.provider).toMatchObject({ shouldConnect: true, wsconnecting: true })
      expect(client.statuses).toEqual(['connecting'])
      await waitFor('it is synced', () => client.provider.synced, client)
      expect(client.provider).toMatchObject({ wsconnected: true, wsconnecting: false })
      expect(client.statuses).toEqual(['connecting', 'connected'])
      expect(client.syncs).toEqual([true])
    })

    test('C35 waits for connect where it is told to', async () => {
      const client = open({ connect: false })
      expect(client.provider).toMatchObject({ shouldConnect: false, ws: null, synced: false })
      client.provider.connect()
      await waitFor('it is synced', () => client.provider.synced, client)
    })

    test('C35 takes the awareness that it is given', () => {
      const awareness = new Awareness(new Y.Doc())
      const client = open({ connect: false, awareness })
      expect(client.provider.awareness).toBe(awareness)
    })

    test('C35 has the address of the document, without the slashes of the server’s', () => {
      const client = new DropInClient(kind, `${server?.url}//`, 'a/b', { connect: false })
      clients.push(client)
      expect(client.provider.serverUrl).toBe(server?.url)
      expect(client.provider.roomname).toBe('a/b')
      expect(client.provider.url).toBe(`${server?.url}/a/b`)
      expect(client.provider.bcChannel).toBe(`${server?.url}/a/b`)
    })

    test('C1 C40 edits go both ways, those of others with the provider as their origin', async () => {
      const [ada, bob] = [await synced(), await synced()]
      const origins: unknown[] = []
      bob.doc.on('update', (_update: Uint8Array, origin: unknown) => origins.push(origin))
      ada.type('hello')
      await has(bob, 'hello')
      bob.type(' you')
      await has(ada, 'hello you')
      expect(origins).toEqual([bob.provider, null])
    })

    test('C23 edits of before it was connected, and of while it was not, arrive', async () => {
      const ada = open({ connect: false }).type('before ')
      ada.provider.connect()
      const bob = await synced()
      await has(bob, 'before ')
      ada.provider.disconnect()
      ada.type('while ')
      expect(bob.text).toBe('before ')
      ada.provider.connect()
      await has(bob, 'before while ')
    })

    test('C36 C37 disconnect says so, and that nothing is synced any more', async () => {
      const ada = await synced()
      ada.provider.disconnect()
      expect(ada.provider).toMatchObject({ synced: false, wsconnected: false })
      expect(ada.statuses).toEqual(['connecting', 'connected', 'disconnected'])
      expect(ada.syncs).toEqual([true, false])
      expect(ada.closes).toEqual([null])
    })

    test('C43 presence comes with connecting, and goes with disconnecting', async () => {
      const [ada, bob] = [await synced(), open({ connect: false })]
      ada.provider.awareness.setLocalStateField('user', { name: 'ada' })
      bob.provider.awareness.setLocalStateField('user', { name: 'bob' })
      bob.provider.connect()
      const seen = (by: DropInClient, of: DropInClient): unknown =>
        by.provider.awareness.getStates().get(of.doc.clientID)?.user
      const both = (): boolean => seen(ada, bob) !== undefined && seen(bob, ada) !== undefined
      await waitFor('both are seen', both, ada, bob)
      expect([seen(bob, ada), seen(ada, bob)]).toEqual([{ name: 'ada' }, { name: 'bob' }])
      bob.provider.disconnect()
      await waitFor('bob is gone', () => seen(ada, bob) === undefined, ada)
      expect(seen(bob, ada)).toBeUndefined()
      expect(seen(bob, bob)).toEqual({ name: 'bob' })
    })

    test('C39 destroy leaves the document and the awareness, and hears nothing more', async () => {
      const [ada, bob] = [await synced(), await synced()]
      ada.provider.awareness.setLocalStateField('user', 'ada')
      ada.provider.destroy()
      ada.type('alone')
      expect(ada.provider.awareness.getLocalState()).toEqual({ user: 'ada' })
      expect(ada.doc.isDestroyed).toBe(false)
      bob.type('together')
      const carl = await synced()
      await has(carl, 'together')
      expect(ada.text).toBe('alone')
      expect(ada.statuses.at(-1)).toBe('disconnected')
    })
  })
})
