import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { BlockingProxy } from './blocking-proxy.js'
import { EventStage } from './event-stage.js'
import { LiveProvider } from './live-provider.js'
import type { StockClient } from './stock-client.js'
import { polled, waitFor } from './wait-for.js'

let stage: EventStage
let proxy: BlockingProxy
let ada: LiveProvider
let bob: StockClient

beforeEach(async () => {
  stage = await EventStage.start()
  proxy = await BlockingProxy.start(stage.port)
  ada = new LiveProvider(proxy.url, 'notes', { fallback: true })
  bob = stage.stock('notes', { state: { name: 'bob' } })
})

afterEach(async () => {
  ada.destroy()
  await stage.stop()
  await proxy.stop()
})

describe('behind a proxy that lets no WebSocket through', () => {
  test('C29 edits and presence go both ways over HTTP, and are acknowledged', async () => {
    ada.provider.awareness.setLocalState({ name: 'ada' })
    ada.type('written before it was connected, ')
    await ada.until('it is on the fallback', () => ada.provider.status.transport === 'events')
    expect(proxy.refused).toBe(3)
    await ada.saved()
    expect(ada.provider).toMatchObject({ ws: null, wsconnected: true, synced: true })
    expect(ada.provider.status).toMatchObject({ transport: 'events', attempts: 0 })
    expect(ada.provider.durability).toBe('memory')
    await bob.has('written before it was connected, ')
    bob.type('and back')
    await ada.has('written before it was connected, and back')
    await ada.until('bob is seen', () => {
      return ada.provider.awareness.getStates().get(bob.doc.clientID)?.name === 'bob'
    })
  })

  test('C29 a stream that is lost comes back with what was missed', async () => {
    await ada.type('a').saved()
    await stage.restart()
    ada.environment.skip(30_000)
    await ada.type('b').saved()
    expect(ada.text).toBe('ab')
    await bob.has('ab')
  })

  test('C30 it goes back up to a WebSocket when one comes through, and loses nothing', async () => {
    await ada.type('a').saved()
    ada.provider.awareness.setLocalState({ name: 'ada' })
    const seen = (): unknown => bob.others.get(ada.doc.clientID)
    await bob.until('ada is seen', () => seen() !== undefined)
    const lost: unknown[] = []
    ada.provider.on('connection-close', (event) => lost.push(event))
    bob.provider.awareness.on('change', () => lost.push(...(seen() === undefined ? ['ada'] : [])))
    const { latencyMs } = ada.provider.status
    ada.environment.skip(30_000)
    // The probe has heard its refusal and the heartbeat its answer: neither waits when time is skipped.
    const isRefused = (): boolean => ada.sockets[3]?.readyState === WebSocket.CLOSED
    const isAnswered = (): boolean => ada.provider.status.latencyMs !== latencyMs
    await waitFor('the probe is refused', () => isRefused() && isAnswered(), polled)
    expect(proxy.refused).toBe(4)
    expect(ada.provider.status).toMatchObject({ state: 'live', transport: 'events' })
    proxy.isBlocking = false
    ada.environment.skip(30_000)
    ada.environment.skip(30_000)
    await ada.until('it is up', () => ada.provider.status.transport === 'websocket')
    await ada.type('b').saved()
    await bob.has('ab')
    bob.type('c')
    await ada.has('abc')
    expect(lost).toEqual([])
    expect(ada.provider.ws).not.toBeNull()
  })
})
