import { describe, expect, test } from 'vitest'
import { PresenceProbe, takeReceived, takeTexts, wallClock } from './presence-probe.js'

/** Two connections that have announced clients 1 and 2 and know of each other. */
function pair(options: ConstructorParameters<typeof PresenceProbe>[0] = {}) {
  const probe = new PresenceProbe(options)
  const one = probe.connect('one')
  const two = probe.connect('two')
  probe.send(one, [1, 1, { cursor: 0 }])
  probe.send(two, [2, 1, { cursor: 0 }])
  probe.flush()
  takeTexts(one)
  takeTexts(two)
  return { probe, one, two }
}

describe('a flush', () => {
  test('holds the newest state of each client once', () => {
    const { probe, one, two } = pair()
    for (let clock = 2; clock <= 9; clock++) probe.send(one, [1, clock, { cursor: clock }])
    expect(probe.flush()).toEqual(['updated 1'])
    expect(takeTexts(two)).toEqual([`1@${wallClock + 9} {"cursor":9}`])
    expect(takeTexts(one)).toEqual([])
    expect(probe.flush()).toEqual([])
  })

  test('is the same bytes for all whom it does not concern, and lacks their own for the others', () => {
    const { probe, one, two } = pair()
    const three = probe.connect('three')
    const four = probe.connect('four')
    for (const watcher of [three, four]) probe.sendRaw(watcher, new Uint8Array([0]))
    probe.flush()
    for (const { received } of [three, four]) received.length = 0
    probe.send(one, [1, 2, { cursor: 1 }])
    probe.send(two, [2, 2, { cursor: 2 }])
    probe.flush()
    expect(three.received[0]).toBe(four.received[0])
    expect(takeReceived(three).map((entries) => entries.map((entry) => entry.clientID))).toEqual([
      [1, 2],
    ])
    // One more than without the two who joined.
    expect(takeTexts(one)).toEqual([`2@${wallClock + 3} {"cursor":2}`])
    expect(takeTexts(two)).toEqual([`1@${wallClock + 3} {"cursor":1}`])
  })

  test('says nothing of a client that renews its state', () => {
    const { probe, one } = pair()
    probe.send(one, [1, 2, { cursor: 0 }])
    expect(probe.table.needsFlush).toBe(false)
  })

  test('tells of a client that leaves and comes back before it', () => {
    const { probe, one, two } = pair()
    probe.send(one, [1, 2, null])
    probe.send(one, [1, 3, { cursor: 3 }])
    expect(probe.flush()).toEqual(['updated 1'])
    probe.send(one, [1, 4, null])
    expect(probe.flush()).toEqual(['left 1'])
    expect(takeTexts(two).at(-1)).toMatch(/^1@\d+ null$/)
    expect(probe.present).toEqual({ 2: { cursor: 0 } })
  })

  test('gives nothing to a connection that has not joined or is gone', () => {
    const { probe, one, two } = pair()
    probe.disconnect(two, 'clean')
    probe.send(two, [2, 2, { cursor: 2 }])
    probe.send(one, [1, 2, { cursor: 2 }])
    const flush = probe.table.takeFlush(0)
    expect(flush?.forOwner(two)).toBeUndefined()
    expect(flush?.forOwner({ id: 'never seen', principal: undefined })).toBeUndefined()
    expect(probe.present).toEqual({ 1: { cursor: 2 } })
  })
})

describe('who joins', () => {
  test('is told who is here when it has said who it is, without its own old state', () => {
    const { probe, one, two } = pair()
    probe.disconnect(one, 'lost')
    probe.now = 3_000
    const again = probe.connect('again')
    probe.send(two, [2, 2, { cursor: 2 }])
    probe.flush()
    expect(again.received).toEqual([])
    probe.send(again, [1, 1, { cursor: 0 }])
    probe.flush()
    expect(takeTexts(again)).toEqual([`2@${wallClock + 3_000} {"cursor":2}`])
  })

  test('is told at once when it says that it has no state, and else after a second', () => {
    const { probe } = pair()
    const quick = probe.connect('quick')
    probe.sendRaw(quick, new Uint8Array([0]))
    const slow = probe.connect('slow')
    probe.flush()
    expect(takeTexts(quick)).toHaveLength(2)
    probe.advance(999)
    expect(probe.table.needsFlush).toBe(false)
    probe.advance(1)
    probe.flush()
    expect(takeTexts(slow)).toHaveLength(2)
  })

  test('is answered at once when it asks later, under clocks that it cannot have seen', () => {
    const { probe, one } = pair()
    const asked = () => probe.table.snapshotFor(one, probe.now)
    for (let round = 1; round <= 3; round++) {
      one.received.push(asked() ?? new Uint8Array())
      expect(takeTexts(one)).toEqual([`2@${wallClock + 1 + round} {"cursor":0}`])
    }
    probe.send(one, [1, 2, { cursor: 1 }])
    expect(probe.flush()).toEqual(['updated 1'])
  })
})

describe('a lagging connection', () => {
  test('catches up with the newest state of each client that changed, and who left', () => {
    const { probe, one, two } = pair()
    const mark = probe.table.mark
    const three = probe.connect('three')
    probe.send(three, [3, 1, {}])
    probe.send(two, [2, 2, { cursor: 2 }])
    probe.flush()
    probe.send(two, [2, 3, { cursor: 3 }])
    probe.disconnect(three, 'clean')
    probe.flush()
    takeTexts(one)
    const update = probe.table.changesSince(mark, one, probe.now)
    one.received.push(update ?? new Uint8Array())
    expect(takeTexts(one).toSorted()).toEqual([
      expect.stringMatching(/^2@\d+ \{"cursor":3\}$/),
      expect.stringMatching(/^3@\d+ null$/),
    ])
    expect(probe.table.changesSince(probe.table.mark, one, probe.now)).toBeUndefined()
  })

  test('is told of its own client by nobody', () => {
    const { probe, one } = pair()
    const mark = probe.table.mark
    probe.send(one, [1, 2, { cursor: 2 }])
    expect(probe.table.changesSince(mark, one, probe.now)).toBeUndefined()
  })

  test('learns who went away and who came back meanwhile', () => {
    const { probe, one, two } = pair()
    const mark = probe.table.mark
    probe.disconnect(one, 'lost')
    probe.disconnect(two, 'lost')
    const again = probe.connect('again')
    probe.send(again, [1, 1, { cursor: 0 }])
    expect(probe.table.phasesSince(mark)).toEqual({ away: [2], back: [1] })
    expect(probe.table.awayClients()).toEqual([2])
    expect(probe.table.phasesSince(probe.table.mark)).toEqual({ away: [], back: [] })
  })
})

describe('changes per second', () => {
  test('beyond the limit collapse to the newest, and are shown when their turn comes', () => {
    const { probe, one, two } = pair({ limits: { changesPerSecond: 10 } })
    let shown = 0
    let clock = 1
    // 100 changes a second for 3 s, with a flush after each.
    for (let index = 0; index < 300; index++) {
      probe.send(one, [1, ++clock, { cursor: clock }])
      shown += probe.flush().length
      probe.advance(10)
      shown += probe.flush().length
    }
    probe.advance(100)
    probe.flush()
    // A second's worth at once, and then the rate.
    expect(shown).toBeGreaterThanOrEqual(38)
    expect(shown).toBeLessThanOrEqual(40)
    expect(takeTexts(two).at(-1)).toContain(`{"cursor":${clock}}`)
    expect(takeTexts(one)).toEqual([])
  })

  test('0 is no limit', () => {
    const { probe, one } = pair({ limits: { changesPerSecond: 0 } })
    for (let clock = 2; clock < 200; clock++) {
      probe.send(one, [1, clock, { cursor: clock }])
      expect(probe.flush()).toEqual(['updated 1'])
    }
  })

  test('do not keep a client that leaves', () => {
    const { probe, one } = pair({ limits: { changesPerSecond: 1 } })
    probe.send(one, [1, 2, { cursor: 2 }])
    probe.disconnect(one, 'clean')
    expect(probe.flush()).toEqual(['left 1'])
  })
})

describe('renewal', () => {
  test('shows everybody again within 20 s, in one flush, and nobody more often than needed', () => {
    const { probe, one, two } = pair()
    const three = probe.connect('three')
    probe.send(three, [3, 1, {}])
    probe.flush()
    three.received.length = 0
    for (let index = 0; index < 12; index++) {
      probe.advance(10_000)
      expect(probe.flush()).toEqual([])
    }
    expect(takeReceived(three).map((entries) => entries.length)).toEqual([2, 2, 2, 2, 2, 2])
    probe.send(one, [1, 2, { cursor: 1 }])
    probe.flush()
    // Two lists, six renewals, and this.
    expect(takeTexts(two).at(-1)).toBe(`1@${wallClock + 9} {"cursor":1}`)
  })

  test('goes on for a client in grace, and stops with the last one', () => {
    const { probe, one, two } = pair({ graceMs: 60_000 })
    probe.disconnect(one, 'lost')
    probe.flush()
    probe.advance(20_000)
    probe.flush()
    expect(takeTexts(two)).toEqual([`1@${wallClock + 2} {"cursor":0}`])
    probe.disconnect(two, 'clean')
    probe.advance(200_000)
    expect(probe.table.nextDueAt).toBeUndefined()
    probe.flush()
    expect(probe.table.isEmpty).toBe(true)
  })
})

describe('the grace period', () => {
  test('of 0 removes a lost client at once', () => {
    const { probe, one } = pair({ graceMs: 0 })
    probe.disconnect(one, 'lost')
    expect(probe.flush()).toEqual(['left 1'])
  })

  test('can depend on the document', () => {
    const graceMs = (name: string) => (name === 'patient' ? 30_000 : 0)
    const probe = new PresenceProbe({ graceMs }, 'patient')
    const connection = probe.connect('1')
    probe.send(connection, [1, 1, {}])
    probe.disconnect(connection, 'lost')
    probe.advance(29_999)
    expect(probe.table.presentCount).toBe(1)
    probe.advance(1)
    expect(probe.table.presentCount).toBe(0)
    expect(() => new PresenceProbe({ graceMs: () => Number.NaN })).toThrow('graceMs')
  })
})

describe('coming back within it', () => {
  test('moves no clock, so that tabs of one browser stay in step', () => {
    const { probe, one, two } = pair()
    probe.disconnect(one, 'lost')
    probe.now = 3_000
    const again = probe.connect('again')
    probe.send(again, [1, 1, { cursor: 0 }])
    probe.send(again, [1, 2, { cursor: 1 }])
    probe.flush()
    expect(takeTexts(two)).toEqual([`1@${wallClock + 2} {"cursor":1}`])
  })

  test('with what only the stamp makes the same is not shown', () => {
    const probe = new PresenceProbe()
    const first = probe.connect('1', { principalId: 'ann' })
    probe.send(first, [1, 1, {}])
    probe.flush()
    probe.disconnect(first, 'lost')
    const second = probe.connect('2', { principalId: 'ann' })
    probe.send(second, [1, 1, { user: { id: 'eve' } }])
    expect(probe.flush()).toEqual([])
  })
})

describe('a state', () => {
  test('is kept when the bytes of its message are used for something else', () => {
    const { probe, one } = pair()
    const state = new TextEncoder().encode('{"cursor":5}')
    probe.table.receive(one, [{ clientID: 1, clock: 2, state }], probe.now)
    state.fill(0)
    expect(probe.present[1]).toEqual({ cursor: 5 })
  })
})

describe('a tab', () => {
  test('that announces another client drops the one that it was before, of the same principal', () => {
    const probe = new PresenceProbe()
    const before = probe.connect('before', { principalId: 'ann', tab: 't' })
    const other = probe.connect('other', { principalId: 'bob', tab: 't' })
    const noTab = probe.connect('no tab', { principalId: 'ann' })
    probe.send(before, [1, 1, {}])
    probe.send(other, [2, 1, {}])
    probe.send(noTab, [3, 1, {}])
    probe.flush()
    const after = probe.connect('after', { principalId: 'ann', tab: 't' })
    probe.send(after, [4, 1, {}])
    expect(probe.flush().toSorted()).toEqual(['joined 4', 'left 1'])
    probe.disconnect(before, 'lost')
    expect(probe.flush()).toEqual([])
    expect(Object.keys(probe.present)).toEqual(['2', '3', '4'])
  })
})

describe('what a tab passes on of its siblings', () => {
  test('ends when the sibling is back, also under another principal', () => {
    const probe = new PresenceProbe()
    const first = probe.connect('first', { principalId: 'ann' })
    probe.send(first, [1, 1, {}])
    probe.send(first, [2, 7, { cursor: 7 }])
    expect(probe.present[2]).toEqual({ cursor: 7, user: { id: 'ann' } })
    const second = probe.connect('second', { principalId: 'bob' })
    probe.send(second, [2, 8, { cursor: 8 }])
    expect(probe.present[2]).toEqual({ cursor: 8, user: { id: 'bob' } })
    probe.send(first, [2, 9, { cursor: 9 }])
    probe.flush()
    expect(takeTexts(first)).toEqual([`2@${wallClock + 2} {"cursor":8,"user":{"id":"bob"}}`])
    probe.disconnect(first, 'clean')
    expect(probe.present).toEqual({ 2: { cursor: 8, user: { id: 'bob' } } })
  })
})

describe('the embedding program', () => {
  test('hears who joined, changed, went away, came back and left, with their principal', () => {
    const probe = new PresenceProbe()
    const ann = { principalId: 'ann', name: 'Ann' }
    const first = probe.connect('1', ann)
    probe.send(first, [1, 1, {}])
    probe.flush()
    probe.disconnect(first, 'lost')
    probe.flush()
    expect(probe.table.snapshot()).toEqual([
      {
        clientID: 1,
        principal: { id: 'ann', name: 'Ann' },
        isAway: true,
        state: { user: { id: 'ann', name: 'Ann' } },
      },
    ])
    const second = probe.connect('2', ann)
    probe.send(second, [1, 1, {}])
    probe.flush()
    probe.send(second, [1, 2, { cursor: 2 }])
    probe.flush()
    probe.disconnect(second, 'clean')
    probe.flush()
    expect(probe.events.map(({ type }) => type)).toEqual([
      'joined',
      'away',
      'back',
      'updated',
      'left',
    ])
    expect(new Set(probe.events.map(({ principal }) => principal?.id))).toEqual(new Set(['ann']))
    expect(probe.table.isEmpty).toBe(true)
  })

  test('sees a clientID change hands as one who left and one who joined', () => {
    const probe = new PresenceProbe()
    const first = probe.connect('1', { principalId: 'ann' })
    probe.send(first, [1, 1, {}])
    probe.flush()
    probe.disconnect(first, 'clean')
    probe.send(probe.connect('2', { principalId: 'bob' }), [1, 2, {}])
    expect(probe.flush()).toEqual(['left 1', 'joined 1'])
    expect(probe.events.slice(1).map(({ principal }) => principal?.id)).toEqual(['ann', 'bob'])
  })

  test('whose stamp throws fails that connection alone', () => {
    const stamp = ({ id }: { id: string }) => {
      if (id === 'eve') throw new Error('who is eve?')
      return { id }
    }
    const probe = new PresenceProbe({ stamp })
    probe.send(probe.connect('1', { principalId: 'ann' }), [1, 1, {}])
    expect(() => probe.connect('2', { principalId: 'eve' })).toThrow('who is eve?')
    expect(probe.flush()).toEqual(['joined 1'])
  })
})
