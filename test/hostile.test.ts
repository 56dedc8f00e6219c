import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  encodeAwareness,
  encodePing,
  encodeQueryAwareness,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
} from '../protocol/codec.js'
import { toCairnError } from '../protocol/errors.js'
import { updateRules } from '../protocol/update-rules.js'
import { UpdateScanner } from '../protocol/update-scanner.js'
import { ClientPool } from './client-pool.js'
import { ClosingLog } from './closing-log.js'
import { hostileUpdates, infinityVarint, notANumberVarint } from './hostile-updates.js'
import { LiveServer } from './live-server.js'
import type { StockClient } from './stock-client.js'
import { polled, waitFor } from './wait-for.js'

const name = 'under attack'
const updateBytes = 65_536

const log = new ClosingLog()
let server: LiveServer
let honest: ClientPool
let attackers: ClientPool
let alice: StockClient
let bob: StockClient
let written = ''

beforeAll(async () => {
  server = await LiveServer.start({
    logger: log.logger,
    limits: { updateBytes, syncIntervalMs: 20 },
    presence: { stamp: () => undefined },
    authenticate: ({ url }) => ({
      id: new URL(url, 'ws://x').searchParams.get('as') ?? '',
      access: 'write',
    }),
  })
  honest = new ClientPool(server)
  attackers = new ClientPool(server)
  alice = await honest.stock(name, { params: { as: 'alice' }, state: { user: 'alice' } }).online()
  bob = await honest.stock(name, { params: { as: 'bob' }, state: { user: 'bob' } }).online()
})

/** After each attack the honest go on, as if nothing had been, and nothing of it is left. */
afterEach(async () => {
  await expectUndisturbed().finally(() => attackers.destroy())
})

async function expectUndisturbed(): Promise<void> {
  alice.type('a')
  bob.type('b')
  written += 'ab'
  const isWhole = () => alice.text.length === written.length && alice.text === bob.text
  await waitFor('what alice and bob write arrives', isWhole, alice, bob)
  await Promise.all([alice.sees(bob, { user: 'bob' }), bob.sees(alice, { user: 'alice' })])
  expect(alice.closeCodes).toEqual([])
  expect(bob.closeCodes).toEqual([])
}

afterAll(async () => {
  honest.destroy()
  await server.destroy()
})

async function attacker() {
  const raw = attackers.raw(name, { query: 'as=mallory' })
  await raw.opened
  raw.requestEverything()
  await waitFor('the attacker is in', () => raw.messages.length > 0, raw)
  return raw
}

/** Sends one frame and resolves with how the connection ended. */
async function endOf(frame: Uint8Array | string) {
  const raw = await attacker()
  raw.send(frame)
  return raw.closed
}

function brokenRule(update: Uint8Array): string | undefined {
  try {
    new UpdateScanner().scan(update)
    return undefined
  } catch (error) {
    return toCairnError(error).rule
  }
}

function awareness(...entries: readonly (readonly [Uint8Array, Uint8Array, string])[]): Uint8Array {
  const parts = entries.flatMap(([clientID, clock, state]) => {
    const json = Buffer.from(state)
    return [clientID, clock, varint(json.length), json]
  })
  return encodeAwareness(Buffer.concat([varint(entries.length), ...parts]))
}

function varint(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128)
  return Uint8Array.from([...out, rest])
}

function isAwareness({ type }: { readonly type: string }): boolean {
  return type === 'awareness'
}

describe('a malformed update closes its sender with 4400', () => {
  test.each(hostileUpdates)('$rule: $title', async ({ update, rule }) => {
    const { code, reason } = await endOf(encodeUpdate(update))
    expect(code).toBe(4400)
    expect(reason).toContain('MALFORMED_UPDATE')
    expect(brokenRule(update)).toBe(rule)
  })

  test('there is a case for every rule', () => {
    const rules = new Set(hostileUpdates.map(({ rule }) => rule))
    expect([...rules].sort()).toEqual(Object.keys(updateRules).sort())
  })

  test('as sync step 2 too, and in the second version of the encoding', async () => {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'second version')
    const frame = encodeSyncStep2(Y.encodeStateAsUpdateV2(doc))
    expect((await endOf(frame)).code).toBe(4400)
  })
})

describe('a malformed message closes its sender', () => {
  const one = varint(1)
  const deep = `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`
  test.each<readonly [string, number, Uint8Array | string]>([
    ['an empty frame', 4400, Uint8Array.of()],
    ['a text message', 4400, 'hello'],
    ['an endless type', 4400, infinityVarint],
    ['a type that is no number', 4400, notANumberVarint],
    ['a sync message of a fourth kind', 4400, Uint8Array.of(0, 3, 0)],
    [
      'two messages in one frame',
      4400,
      Buffer.concat([encodeUpdate(Uint8Array.of(0, 0)), Uint8Array.of(3)]),
    ],
    ['a length beyond the frame', 4400, Uint8Array.of(0, 2, 100, 0)],
    ['a state vector cut short', 4400, encodeSyncStep1(Uint8Array.of(3, 1))],
    ['an endless state vector', 4400, encodeSyncStep1(Buffer.concat([one, one, infinityVarint]))],
    ['presence with an endless clock', 4400, awareness([one, infinityVarint, '{}'])],
    ['presence whose clock is no number', 4400, awareness([one, notANumberVarint, '{}'])],
    ['presence with a clock beyond all clocks', 4400, awareness([one, varint(2 ** 53 - 1), '{}'])],
    ['presence that is no JSON', 4400, awareness([one, one, '{"a"'])],
    ['presence that is no object', 4400, awareness([one, one, '5'])],
    ['presence that nests 5,000 levels', 4400, awareness([one, one, deep])],
    [
      'presence whose second state is malformed',
      4400,
      awareness([one, one, '{}'], [varint(2), one, '{']),
    ],
    [
      'presence above its limit',
      4413,
      awareness([one, one, JSON.stringify({ a: 'x'.repeat(20_000) })]),
    ],
    ['an update above its limit', 4413, encodeUpdate(new Uint8Array(updateBytes + 1))],
    ['a frame above every limit', 4413, new Uint8Array(updateBytes * 4)],
  ])('%s: %i', async (_, expected, frame) => {
    const { code } = await endOf(frame)
    expect(code).toBe(expected)
  })
})

describe('a valid message with an evil purpose', () => {
  test('a clientID of somebody else is not written for: 4403', async () => {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(alice.doc))
    doc.clientID = alice.doc.clientID
    const before = Y.encodeStateVector(doc)
    doc.getText('text').insert(0, 'forged')
    const { code } = await endOf(encodeUpdate(Y.encodeStateAsUpdate(doc, before)))
    expect(code).toBe(4403)
  })

  test('deletes of what is yet to be written are shown to nobody, and go with their sender', async () => {
    const raw = await attacker()
    const { clientID } = alice.doc
    const next = Y.getState(alice.doc.store, clientID)
    const range = Buffer.concat([varint(clientID), varint(1), varint(next), varint(1_000)])
    raw.send(encodeUpdate(Buffer.concat([Uint8Array.of(0, 1), range])))
    const asked = () => raw.messages.filter(({ type }) => type === 'sync-step-1').length
    await waitFor('the server asks for the past', () => asked() > 1, raw)
    expect(bob.doc.store.pendingDs).toBeNull()
    attackers.destroy()
    await waitFor('only the honest are left', () => server.cairn.connectionCount === 2, polled)
  })

  test('structs without a past are shown to nobody', async () => {
    const raw = await attacker()
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'never sent')
    const before = Y.encodeStateVector(doc)
    doc.getText('text').insert(0, 'stuck')
    raw.send(encodeUpdate(Y.encodeStateAsUpdate(doc, before)))
    const asked = () => raw.messages.filter(({ type }) => type === 'sync-step-1').length
    await waitFor('the server asks for the past', () => asked() > 1, raw)
    expect(alice.text).not.toContain('stuck')
    expect(alice.doc.store.pendingStructs).toBeNull()
  })

  test('presence of others can be neither changed nor taken away', async () => {
    const raw = await attacker()
    const [victim, other] = [varint(alice.doc.clientID), varint(bob.doc.clientID)]
    const huge = varint(2 ** 47)
    raw.send(awareness([victim, huge, 'null'], [other, huge, '{"user":"mallory"}']))
    raw.send(awareness([victim, huge, '{"user":"mallory"}'], [other, huge, 'null']))
    // A client of its own is shown after the forgeries, so they have been judged when it is seen.
    raw.send(awareness([varint(4_711), varint(1), '{"user":"m"}']))
    await waitFor(
      'mallory is seen',
      () => alice.others.has(4_711) && bob.others.has(4_711),
      alice,
      bob,
    )
    expect(alice.others.get(bob.doc.clientID)).toEqual({ user: 'bob' })
    expect(bob.others.get(alice.doc.clientID)).toEqual({ user: 'alice' })
    expect(alice.provider.awareness.getLocalState()).toEqual({ user: 'alice' })
  })

  test('an auth message from a client, and every unknown type, change nothing', async () => {
    const raw = await attacker()
    raw.send(Uint8Array.of(2, 0, 2, 110, 111))
    for (let type = 5; type < 128; type++) {
      if (type < 100 || type > 104) raw.send(Uint8Array.of(type, 0))
    }
    raw.send(encodeQueryAwareness())
    await waitFor('the server has read it', () => raw.messages.some(isAwareness), raw)
    expect(raw.end).toBeUndefined()
  })
})

describe('a flood', () => {
  test('of sync step 1 is answered at a measured pace', async () => {
    const raw = await attacker()
    const question = encodeSyncStep1(Uint8Array.of(0))
    for (let count = 0; count < 20_000; count++) raw.send(question)
    raw.send(encodeQueryAwareness())
    await waitFor('the flood is over', () => raw.messages.some(isAwareness), raw)
    const answers = raw.messages.filter(({ type }) => type === 'sync-step-2').length
    expect(answers).toBeLessThan(200)
  })

  test('of questions whose answers are not read ends with 4508', async () => {
    const raw = await attacker()
    raw.stopReading()
    const before = log.closings.length
    const ping = encodePing(new Uint8Array(50_000))
    for (let count = 0; count < 200; count++) raw.send(ping)
    await waitFor('the server gives up', () => log.closings.length > before, log)
    raw.startReading()
    expect((await raw.closed).code).toBe(4508)
  })

  test('of presence changes is shown at a measured pace', async () => {
    const raw = await attacker()
    const seen: number[] = []
    alice.provider.awareness.on('change', () => seen.push(1))
    for (let clock = 1; clock <= 5_000; clock++) {
      raw.send(awareness([varint(4_712), varint(clock), JSON.stringify({ clock })]))
    }
    const newest = () => JSON.stringify(alice.others.get(4_712)) === '{"clock":5000}'
    await waitFor('the newest is shown', newest, alice)
    expect(seen.length).toBeLessThan(500)
  })

  test('of malformed connections leaves none behind', async () => {
    const ends = await Promise.all(
      Array.from({ length: 100 }, () => endOf(encodeUpdate(Uint8Array.of(1, 0)))),
    )
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([4400]))
    await waitFor('only the honest are left', () => server.cairn.connectionCount === 2, polled)
  })
})

test('after all of that nothing is lost, and nothing of the attackers is there', async () => {
  const fresh = await honest.stock(name, { params: { as: 'fresh' } }).online()
  expect(fresh.text).toBe(alice.text)
  expect(fresh.text.replace(/[ab]/g, '')).toBe('')
  expect([...fresh.doc.share.keys()]).toEqual(['text'])
  expect(fresh.doc.store.pendingStructs).toBeNull()
  expect(fresh.doc.store.pendingDs).toBeNull()
})
