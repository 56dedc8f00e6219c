import 'fake-indexeddb/auto'
import { indexedDB as databases } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { systemEnvironment } from '../runtime/system-environment.js'
import { ProviderRig, type RigOptions } from '../test/provider-rig.js'
import { polled, waitFor } from '../test/wait-for.js'
import { openPersistence } from './persistence.js'

const rigs: ProviderRig[] = []
let names = 0
let name: string

function open(options: RigOptions = {}): ProviderRig {
  const rig = new ProviderRig({ persist: name, ...options })
  rigs.push(rig)
  return rig
}

/** The page is closed; what it kept stays. */
async function close(rig: ProviderRig): Promise<void> {
  await settled()
  rig.provider.destroy()
  rig.doc.destroy()
}

/** What was written to the database so far is in it. */
async function settled(): Promise<void> {
  const doc = new Y.Doc()
  await (await openPersistence(systemEnvironment, name, doc, () => undefined)).close()
  doc.destroy()
}

/** Opened, and with the document that the database had. */
async function loaded(options: RigOptions = {}): Promise<ProviderRig> {
  const rig = open(options)
  await waitFor('the attempt is made', () => rig.network.sockets.length > 0, polled)
  return rig
}

/** The provider's own listener on the updates of the Y.Doc. */
const listenersOfProvider = 1

/** Databases that are opened from now on say so when the test lets them. */
function holdDatabases(): { release(): void } {
  const waiting: (() => void)[] = []
  let isHeld = true
  vi.stubGlobal('indexedDB', {
    open(databaseName: string) {
      const request = databases.open(databaseName)
      return new Proxy(request, {
        get: (target, key) => Reflect.get(target, key, target),
        set: (target, key, value) => {
          const isHeldBack = key === 'onsuccess' && typeof value === 'function'
          const call = (event: unknown): void => {
            if (isHeld) waiting.push(() => value.call(target, event))
            else value.call(target, event)
          }
          return Reflect.set(target, key, isHeldBack ? call : value, target)
        },
      })
    },
  })
  return {
    release() {
      isHeld = false
      for (const act of waiting.splice(0)) act()
    },
  }
}

beforeEach(() => {
  name = `database ${++names}`
})

afterEach(() => {
  vi.unstubAllGlobals()
  for (const { provider, doc } of rigs.splice(0)) {
    provider.destroy()
    doc.destroy()
  }
})

describe('C24 a document that is kept', () => {
  test('is loaded before the first attempt, and its edits go out once', async () => {
    const before = await loaded()
    before.type('written offline')
    await close(before)

    const after = open()
    expect(after.network.sockets).toHaveLength(0)
    await waitFor('the attempt is made', () => after.network.sockets.length > 0, polled)
    expect(after.text).toBe('written offline')
    const server = new Y.Doc()
    after.socket.greet().sync(server)
    expect(after.socket.updates).toHaveLength(1)
    for (const update of after.socket.updates) Y.applyUpdate(server, update)
    expect(server.getText('text').toString()).toBe('written offline')
    expect(after.provider.saved).toBe(false)
    after.socket.acknowledge(1)
    expect(after.provider.saved).toBe(true)

    await after.reconnect()
    after.socket.greet().sync(server)
    expect(after.socket.updates).toEqual([Uint8Array.of(0, 0)])
  })

  test('keeps its order with edits that are made while it is loaded', async () => {
    const before = await loaded()
    before.type('a')
    await close(before)
    const after = open().type('b')
    await waitFor('the attempt is made', () => after.network.sockets.length > 0, polled)
    after.type('c')
    expect([...after.text].sort().join('')).toBe('abc')
    const server = new Y.Doc()
    after.socket.greet().sync(server)
    for (const update of after.socket.updates) Y.applyUpdate(server, update)
    expect(server.getText('text').toString()).toBe(after.text)
    after.socket.acknowledge(1)
    expect(after.provider).toMatchObject({ unsavedChanges: 0, saved: true })
  })

  test('C7 is not taken for saved by somebody who may only read by now', async () => {
    const before = await loaded()
    before.type('never went out')
    await close(before)
    const after = await loaded()
    after.socket.greet({ access: 'read' }).sync()
    expect(after.provider).toMatchObject({ synced: true, access: 'read', saved: false })
  })

  test('C18 is not merged into another life of the document after a reload', async () => {
    const before = await loaded()
    before.type('of the former life').goLive()
    await close(before)
    const after = await loaded()
    after.socket.greet({ epoch: new Uint8Array(16).fill(9) }).sync()
    expect(after.of('reset')).toHaveLength(1)
    expect(after.provider.status).toMatchObject({ state: 'closed' })
    expect(after.provider.status.reason?.code).toBe('RESET')
    expect(after.socket.updates).toEqual([])
  })

  test('is gone once the application deletes it', async () => {
    const before = await loaded()
    before.type('private')
    await settled()
    await before.provider.clearPersisted()
    await close(before)
    const after = await loaded()
    expect(after.text).toBe('')
  })

  test('is kept from the first change on, before anybody connects', async () => {
    const before = open({ connect: false }).type('before it was connected')
    await close(before)
    const after = await loaded()
    expect(after.text).toBe('before it was connected')
  })

  test('is deleted also where nobody connected', async () => {
    const before = await loaded()
    before.type('private')
    await close(before)
    const leaving = open({ connect: false })
    await leaving.provider.clearPersisted()
    await close(leaving)
    expect((await loaded()).text).toBe('')
  })

  test('is not counted as unsaved when it is loaded', async () => {
    const before = await loaded()
    before.type('saved').goLive()
    await close(before)
    const after = await loaded()
    expect(after.provider.unsavedChanges).toBe(0)
    expect(after.of('unsaved-changes')).toEqual([])
  })

  test('C18 of a former life that comes too late is not loaded any more', async () => {
    const before = await loaded()
    before.type('of the former life').goLive()
    await close(before)
    const late = holdDatabases()
    const after = open()
    await waitFor('the database is asked', () => after.environment.pendingTimers > 0, polled)
    await after.environment.advance(10_000)
    expect(after.of('error')).toMatchObject([{ code: 'PERSISTENCE_FAILED' }])
    after.socket.greet({ epoch: new Uint8Array(16).fill(9) }).sync()
    late.release()
    await settled()
    expect(after.text).toBe('')
    expect(after.doc._observers.get('update')?.size).toBe(listenersOfProvider)
  })

  test('C7 of a reader is not said to be saved, since it may have been a writer’s', async () => {
    const before = await loaded()
    before.type('never sent')
    await close(before)
    const after = await loaded()
    after.socket.greet({ access: 'read' }).sync()
    after.socket.acknowledge(1)
    expect(after.provider.saved).toBe(false)
    await expect(after.provider.whenSaved()).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  test('comes from the server where the database cannot be opened', async () => {
    // As in a private window: it neither opens nor fails.
    vi.stubGlobal('indexedDB', { open: () => ({}) })
    const rig = open()
    await rig.environment.settle()
    await waitFor('the database is asked', () => rig.environment.pendingTimers > 0, polled)
    await rig.environment.advance(10_000)
    expect(rig.of('error')).toMatchObject([{ code: 'PERSISTENCE_FAILED' }])
    expect(rig.goLive().provider.status.state).toBe('live')
  })
})
