import { describe, expect, onTestFinished, test } from 'vitest'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import { Doc } from 'yjs'
import { PresenceProbe, type ProbeConnection, takeTexts, wallClock } from './presence-probe.js'

function awarenessOf(clientID: number, state: Record<string, unknown> | null): Awareness {
  const doc = new Doc()
  doc.clientID = clientID
  const awareness = new Awareness(doc)
  onTestFinished(() => doc.destroy())
  awareness.setLocalState(state)
  return awareness
}

function announce(probe: PresenceProbe, connection: ProbeConnection, awareness: Awareness): void {
  probe.sendRaw(connection, encodeAwarenessUpdate(awareness, [awareness.clientID]))
}

/** Applies what the connection was sent, as its client does. */
function hear(connection: ProbeConnection, awareness: Awareness): void {
  for (const update of connection.received.splice(0)) {
    applyAwarenessUpdate(awareness, update, 'provider')
  }
}

/** Ann, of principal ann, is client 1; Eve, of principal eve, is client 2; both are up to date. */
function annAndEve() {
  const probe = new PresenceProbe()
  const ann = probe.connect('ann', { principalId: 'ann' })
  const eve = probe.connect('eve', { principalId: 'eve' })
  probe.send(ann, [1, 5, { cursor: 1 }])
  probe.send(eve, [2, 5, { cursor: 2 }])
  probe.flush()
  takeTexts(ann)
  takeTexts(eve)
  probe.now = 1_000
  return { probe, ann, eve }
}

const annState = { cursor: 1, user: { id: 'ann' } }

describe('what belongs to another', () => {
  test.each([6, 500, wallClock + 900, 2 ** 48])(
    'is neither overwritten nor removed, under clock %d',
    (clock) => {
      const { probe, ann, eve } = annAndEve()
      probe.send(eve, [1, clock, { cursor: 666 }])
      probe.send(eve, [1, clock, null])
      expect(probe.flush()).toEqual([])
      expect(probe.present[1]).toEqual(annState)
      probe.send(ann, [1, 6, { cursor: 7 }])
      expect(probe.flush()).toEqual(['updated 1'])
      expect(takeTexts(eve)).toEqual([`1@${wallClock + 2} {"cursor":7,"user":{"id":"ann"}}`])
    },
  )

  test('is not taken by a newer connection that announces itself as it', () => {
    const { probe, ann } = annAndEve()
    const mallory = probe.connect('mallory', { principalId: 'mallory' })
    probe.send(mallory, [1, 99, { cursor: 666 }])
    probe.flush()
    expect(probe.present[1]).toEqual(annState)
    // It takes itself for client 1, so it must not hear of the real one.
    expect(takeTexts(mallory)).toEqual([`2@${wallClock + 1_000} {"cursor":2,"user":{"id":"eve"}}`])
    probe.send(ann, [1, 6, { cursor: 7 }])
    probe.flush()
    expect(takeTexts(mallory)).toEqual([])
    probe.disconnect(mallory, 'clean')
    expect(probe.flush()).toEqual([])
    expect(probe.present[1]).toMatchObject({ cursor: 7 })
  })

  test('stays theirs while their grace period runs, and is free afterwards', () => {
    const { probe, ann, eve } = annAndEve()
    probe.disconnect(ann, 'lost')
    probe.send(eve, [1, 6, { cursor: 666 }])
    expect(probe.present[1]).toEqual(annState)
    probe.advance(10_000)
    probe.flush()
    probe.send(eve, [1, 6, { cursor: 3 }])
    expect(probe.flush()).toEqual(['joined 1'])
    expect(probe.events.at(-1)).toMatchObject({ principal: { id: 'eve' } })
  })

  test('is sent again, once a second at most, to a client that has dropped it', () => {
    const { probe, eve } = annAndEve()
    const eveAwareness = awarenessOf(2, { cursor: 2 })
    // Under another clock than the one that it was sent it cannot have dropped it.
    probe.send(eve, [1, wallClock, null])
    expect(probe.table.needsFlush).toBe(false)
    probe.send(eve, [1, wallClock + 1, null])
    probe.flush()
    hear(eve, eveAwareness)
    expect(eveAwareness.getStates().get(1)).toEqual(annState)
    probe.send(eve, [1, wallClock + 1_000, null])
    probe.flush()
    expect(eve.received).toEqual([])
    probe.now += 1_000
    probe.send(eve, [1, wallClock + 1_000, null])
    probe.flush()
    expect(eve.received).toHaveLength(1)
  })
})

describe('echoes', () => {
  test('cause nothing, whoever sends them and however late', () => {
    const { probe, ann } = annAndEve()
    const watcher = probe.connect('watcher')
    const silent = awarenessOf(3, null)
    probe.sendRaw(watcher, new Uint8Array([0]))
    probe.flush()
    const [list] = watcher.received
    if (list === undefined) throw new Error('the watcher was not told who is here')
    hear(watcher, silent)
    const echo = encodeAwarenessUpdate(silent, [1, 2])
    probe.sendRaw(watcher, echo)
    expect(probe.table.needsFlush).toBe(false)
    probe.disconnect(ann, 'lost')
    probe.sendRaw(watcher, echo)
    probe.advance(9_999)
    expect(Object.keys(probe.present)).toEqual(['1', '2'])
    probe.advance(1)
    expect(probe.flush()).toEqual(['left 1'])
    probe.sendRaw(watcher, echo)
    expect(probe.flush()).toEqual([])
    expect(Object.keys(probe.present)).toEqual(['2'])
  })

  test('of a client that left and came again are known as such', () => {
    const probe = new PresenceProbe()
    const client = probe.connect('client')
    probe.send(client, [1, 1, { cursor: 1 }])
    probe.send(client, [1, 2, null])
    probe.flush()
    probe.now = 5_000
    const watcher = probe.connect('watcher')
    probe.sendRaw(watcher, new Uint8Array([0]))
    probe.flush()
    probe.send(client, [1, 3, { cursor: 3 }])
    probe.flush()
    probe.disconnect(client, 'lost')
    const [echo] = watcher.received
    probe.sendRaw(watcher, echo ?? new Uint8Array())
    probe.advance(10_000)
    expect(probe.present).toEqual({})
  })

  test('of a state that grows when it is written again do not pass the limits', () => {
    const { probe, ann, eve } = annAndEve()
    const numbers = `{"a":[${Array.from({ length: 3_200 }, () => '1e20').join()}]}`
    const bytes = new TextEncoder().encode(numbers)
    expect(bytes.byteLength).toBeLessThan(16_384)
    probe.table.receive(ann, [{ clientID: 1, clock: 6, state: bytes }], probe.now)
    probe.flush()
    const awareness = awarenessOf(2, { cursor: 2 })
    hear(eve, awareness)
    const echo = encodeAwarenessUpdate(awareness, [1])
    expect(echo.byteLength).toBeGreaterThan(3 * 16_384)
    expect(() => probe.sendRaw(eve, echo)).not.toThrow()
  })
})

describe('a client on two connections of nobody in particular', () => {
  test('belongs to the newer one, and the late end of the older does not touch it', () => {
    const probe = new PresenceProbe()
    const client = awarenessOf(1, { cursor: 1 })
    const older = probe.connect('older')
    announce(probe, older, client)
    probe.flush()
    probe.now = 500
    const newer = probe.connect('newer')
    announce(probe, newer, client)
    expect(probe.flush()).toEqual([])
    probe.send(older, [1, client.meta.get(1)?.clock ?? 0, { cursor: 0 }])
    probe.disconnect(older, 'clean')
    expect(probe.flush()).toEqual([])
    client.setLocalState({ cursor: 2 })
    announce(probe, newer, client)
    expect(probe.flush()).toEqual(['updated 1'])
    probe.disconnect(newer, 'clean')
    expect(probe.flush()).toEqual(['left 1'])
  })

  test('is not taken by one that is older, however late it speaks', () => {
    const probe = new PresenceProbe()
    const older = probe.connect('older')
    const newer = probe.connect('newer')
    probe.send(newer, [1, 5, { cursor: 5 }])
    probe.send(older, [1, 6, { cursor: 6 }])
    expect(probe.present).toEqual({ 1: { cursor: 5 } })
    probe.disconnect(older, 'lost')
    expect(probe.flush()).toEqual(['joined 1'])
  })

  test('is given back where somebody else announced it and the older one is alive', () => {
    const probe = new PresenceProbe()
    const victim = awarenessOf(1, { cursor: 1 })
    const victimLink = probe.connect('victim')
    const peer = awarenessOf(2, { cursor: 2 })
    const peerLink = probe.connect('peer')
    announce(probe, victimLink, victim)
    announce(probe, peerLink, peer)
    probe.flush()
    hear(peerLink, peer)
    hear(victimLink, victim)
    victim.on('update', () => announce(probe, victimLink, victim))
    probe.now = 5_000
    const thief = probe.connect('thief')
    probe.send(thief, [1, 1_000, { cursor: 666 }])
    probe.flush()
    // The victim is asked, and answers by itself.
    hear(victimLink, victim)
    expect(victim.getLocalState()).toEqual({ cursor: 1 })
    probe.flush()
    hear(peerLink, peer)
    expect(peer.getStates().get(1)).toEqual({ cursor: 1 })
    probe.send(thief, [1, 1_001, { cursor: 667 }])
    victim.setLocalState({ cursor: 3 })
    probe.flush()
    hear(peerLink, peer)
    expect(peer.getStates().get(1)).toEqual({ cursor: 3 })
    probe.disconnect(thief, 'clean')
    expect(probe.flush()).toEqual([])
    hear(victimLink, victim)
    expect(victim.getLocalState()).toEqual({ cursor: 3 })
  })
})

describe('clocks', () => {
  test('a first state at clock 0 is seen', () => {
    const probe = new PresenceProbe()
    const peer = awarenessOf(2, null)
    const peerLink = probe.connect('peer')
    probe.sendRaw(peerLink, new Uint8Array([0]))
    probe.send(probe.connect('fresh'), [1, 0, {}])
    probe.flush()
    hear(peerLink, peer)
    expect(peer.getStates().get(1)).toEqual({})
  })

  test('a huge one silences nobody, neither its client nor the next of that clientID', () => {
    const probe = new PresenceProbe()
    const peer = awarenessOf(2, null)
    const peerLink = probe.connect('peer')
    probe.sendRaw(peerLink, new Uint8Array([0]))
    const hostile = probe.connect('hostile', { principalId: 'eve' })
    for (const clock of [2 ** 47, 2 ** 48 - 1, 2 ** 48]) {
      probe.send(hostile, [1, clock, { clock }])
      probe.flush()
      hear(peerLink, peer)
      expect(peer.getStates().get(1)).toMatchObject({ clock })
    }
    probe.disconnect(hostile, 'clean')
    probe.flush()
    probe.advance(120_000)
    const victim = probe.connect('victim', { principalId: 'ann' })
    probe.send(victim, [1, 3, { cursor: 1 }])
    probe.flush()
    hear(peerLink, peer)
    expect(peer.getStates().get(1)).toEqual(annState)
  })

  test("a client's own is taken over where it has the server's from another tab", () => {
    const { probe, ann, eve } = annAndEve()
    probe.send(ann, [1, wallClock + 600, { cursor: 1 }])
    probe.send(ann, [1, wallClock + 601, { cursor: 2 }])
    probe.flush()
    expect(takeTexts(eve)).toEqual([`1@${wallClock + 601} {"cursor":2,"user":{"id":"ann"}}`])
  })

  test('a client whose clock went back is seen on its new connection', () => {
    const { probe, ann, eve } = annAndEve()
    probe.disconnect(ann, 'lost')
    const again = probe.connect('again', { principalId: 'ann' })
    probe.send(again, [1, 0, { cursor: 8 }])
    probe.send(again, [1, 1, { cursor: 9 }])
    expect(probe.flush()).toEqual(['updated 1'])
    expect(takeTexts(eve)).toEqual([`1@${wallClock + 3} {"cursor":9,"user":{"id":"ann"}}`])
  })

  test('an older state of a connection is not taken after a newer one', () => {
    const { probe, ann } = annAndEve()
    probe.send(
      ann,
      [1, 9, { cursor: 9 }],
      [1, 8, { cursor: 8 }],
      [1, 9, { cursor: 0 }],
      [1, 8, null],
    )
    expect(probe.flush()).toEqual(['updated 1'])
    expect(probe.present[1]).toMatchObject({ cursor: 9 })
  })
})

describe('too much', () => {
  test.each([17, 20_000])('%d clients in one message close it, and change nothing', (count) => {
    const { probe, eve } = annAndEve()
    const entries = Array.from({ length: count }, (_, index): [number, number, object] => [
      100 + index,
      1,
      {},
    ])
    expect(() => probe.send(eve, ...entries)).toThrowError(
      expect.objectContaining({ code: 'LIMIT_REACHED', closeCode: 4413, rule: 'presence-entries' }),
    )
    expect(probe.flush()).toEqual([])
    expect(Object.keys(probe.present)).toEqual(['1', '2'])
  })

  test('clients that add up over several messages are passed over', () => {
    const { probe, eve } = annAndEve()
    for (let clientID = 100; clientID < 120; clientID++) probe.send(eve, [clientID, 1, {}])
    expect(probe.table.presentCount).toBe(1 + 16)
    expect(probe.table.refusedEntries).toBe(5)
  })

  test('a state that is too large closes, and nothing else of the message is applied', () => {
    const { probe, ann } = annAndEve()
    const large = { text: 'x'.repeat(16_384) }
    expect(() => probe.send(ann, [1, 6, { cursor: 6 }], [3, 1, large])).toThrowError(
      expect.objectContaining({ code: 'TOO_LARGE', closeCode: 4413, rule: 'presence-state-bytes' }),
    )
    expect(probe.flush()).toEqual([])
    expect(probe.present).toMatchObject({ 1: annState })
  })

  test('who comes when the document is full is not shown, and is once there is room', () => {
    const probe = new PresenceProbe({ limits: { entriesPerDocument: 2 } })
    const [one, two, three] = ['1', '2', '3'].map((id) => probe.connect(id))
    if (one === undefined || two === undefined || three === undefined) throw new Error('three')
    probe.send(one, [1, 1, {}])
    probe.send(two, [2, 1, {}])
    probe.send(three, [3, 1, {}])
    expect(Object.keys(probe.present)).toEqual(['1', '2'])
    probe.disconnect(one, 'clean')
    probe.send(three, [3, 2, {}])
    expect(Object.keys(probe.present)).toEqual(['2', '3'])
  })

  test('states beyond the bytes of the document are passed over, smaller ones are not', () => {
    const probe = new PresenceProbe({ limits: { documentStateBytes: 100 } })
    const connection = probe.connect('1')
    probe.send(connection, [1, 1, { text: 'x'.repeat(60) }])
    probe.send(connection, [1, 2, { text: 'x'.repeat(100) }])
    expect(probe.present[1]).toEqual({ text: 'x'.repeat(60) })
    probe.send(connection, [1, 3, { text: 'x'.repeat(80) }])
    expect(probe.present[1]).toEqual({ text: 'x'.repeat(80) })
    probe.send(probe.connect('2'), [2, 1, { text: 'x'.repeat(20) }])
    expect(Object.keys(probe.present)).toEqual(['1'])
    probe.send(connection, [1, 4, null])
    probe.send(probe.connect('3'), [3, 1, { text: 'x'.repeat(80) }])
    expect(Object.keys(probe.present)).toEqual(['3'])
  })

  test('churn leaves no more tombstones than clients may be present', () => {
    const probe = new PresenceProbe({ limits: { entriesPerDocument: 10 } })
    for (let clientID = 1; clientID <= 1_000; clientID++) {
      const connection = probe.connect(`${clientID}`)
      probe.send(connection, [clientID, 1, {}])
      probe.disconnect(connection, 'clean')
    }
    expect(probe.table.knownCount).toBe(10)
    probe.flush()
    probe.advance(60_000)
    expect(probe.table.knownCount).toBe(0)
    expect(probe.table.nextDueAt).toBeUndefined()
  })
})
