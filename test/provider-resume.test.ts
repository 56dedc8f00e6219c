import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { levelStore } from '../persistence/index.js'
import { LiveProvider, type LiveProviderOptions } from './live-provider.js'
import { LiveServer } from './live-server.js'

const cleanUps: (() => unknown)[] = []

async function start(): Promise<LiveServer> {
  const server = await LiveServer.start()
  cleanUps.push(() => server.destroy())
  return server
}

function open(server: LiveServer, options: LiveProviderOptions = {}): LiveProvider {
  const provider = new LiveProvider(server.url, 'notes', options)
  cleanUps.push(() => provider.destroy())
  return provider
}

/** The document goes, as an operator deletes it; the server is started again. */
async function remake(server: LiveServer): Promise<void> {
  await server.stop()
  const store = levelStore(server.dataDirectory)
  await store.open()
  expect(await store.delete('notes')).toBe(true)
  await store.close()
  await server.restart()
}

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

describe('C16 after a short drop', () => {
  test('only what was missed comes, whatever was ever deleted', async () => {
    const server = await start()
    const ada = await open(server).saved()
    const text = ada.doc.getText('text')
    ada.doc.transact(() => text.insert(0, 'ab'.repeat(2_000)))
    for (let i = 0; i < 100; i++) ada.doc.transact(() => deleteSome(text, 20))
    await ada.saved()
    const bob = await open(server).live()
    // What says at which place he is comes behind the content, and with what is acknowledged at last.
    await bob.type('.').saved()
    await ada.has(bob.text)
    const allBytes = bob.receivedBytes
    expect(allBytes).toBeGreaterThan(4_000)

    bob.environment.randomness = 1
    bob.cut()
    await bob.until('bob is away', () => bob.provider.status.state === 'reconnecting')
    ada.type('!')
    await ada.saved()
    bob.type('?')
    bob.environment.skip(500)
    await bob.saved()
    expect(bob.text).toContain('!')
    expect(bob.receivedBytes - allBytes).toBeLessThan(500)
    await ada.has(bob.text)
    expect(snapshot(bob)).toEqual(snapshot(ada))
  })

  test('deletes that were missed come too', async () => {
    const server = await start()
    const [ada, bob] = [await open(server).saved(), await open(server).saved()]
    ada.type('abc')
    await bob.has('abc')
    bob.provider.disconnect()
    ada.doc.getText('text').delete(0, 2)
    await ada.saved()
    bob.provider.connect()
    await bob.has('c')
  })
})

/** Every other one of the first characters that are left, each a delete range of its own. */
function deleteSome(text: Y.Text, count: number): void {
  for (let i = 0; i < count; i++) text.delete(i, 1)
}

function snapshot({ doc }: LiveProvider): Uint8Array {
  return Y.encodeSnapshot(Y.snapshot(doc))
}

/** Somebody wrote a document, and it is deleted and the server restarted while she is away. */
async function deletedWhileAway() {
  const server = await start()
  const ada = await open(server).type('former').saved()
  ada.provider.disconnect()
  await remake(server)
  const comeBack = async (): Promise<void> => {
    ada.provider.connect()
    await ada.until('it is told', () => ada.resets.length > 0)
  }
  return { server, ada, comeBack }
}

describe('C18 a document that was deleted', () => {
  test('is not brought back, nor mixed with the one that was made in its place', async () => {
    const { server, ada, comeBack } = await deletedWhileAway()
    const bob = await open(server).type('present').saved()
    await comeBack()
    expect(ada.provider.saved).toBe(false)
    await expect(ada.provider.whenSaved()).rejects.toMatchObject({ code: 'RESET' })
    expect(ada.provider.status).toMatchObject({ state: 'closed', reason: { code: 'RESET' } })
    expect([ada.text, bob.text]).toEqual(['former', 'present'])
    expect((await server.cairn.read('notes')).getText('text').toString()).toBe('present')
  })

  test('is known also to who left in the moment in which the first edit was saved', async () => {
    const server = await start()
    const ada = await open(server).live()
    ada.provider.once('saved', () => ada.provider.disconnect())
    ada.type('former')
    await ada.until('she left', () => ada.provider.status.state === 'offline')
    await remake(server)
    const bob = await open(server).type('present').saved()
    ada.provider.connect()
    await ada.until('it is told', () => ada.resets.length > 0)
    expect([ada.text, bob.text]).toEqual(['former', 'present'])
  })

  test('is told of also where nobody has made it again', async () => {
    const { server, comeBack } = await deletedWhileAway()
    await comeBack()
    expect((await server.cairn.read('notes')).getText('text').toString()).toBe('')
  })

  test('gets this one’s content where the application adopts it', async () => {
    const { server, ada, comeBack } = await deletedWhileAway()
    const bob = await open(server).type('present').saved()
    await comeBack()
    ada.provider.adoptReset()
    ada.provider.connect()
    await ada.saved()
    await bob.until('both have all of it', () => bob.text === ada.text)
    expect(bob.text).toMatch(/^(formerpresent|presentformer)$/)
  })

  test('C9 whoever waits for saved when it is destroyed is told', async () => {
    const server = await start()
    const ada = open(server, { connect: false })
    const saving = expect(ada.provider.whenSaved()).rejects.toMatchObject({ code: 'DESTROYED' })
    ada.provider.destroy()
    await saving
  })
})
