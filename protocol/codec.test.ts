import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import * as syncProtocol from 'y-protocols/sync'
import * as Y from 'yjs'
import {
  decodeClientMessage,
  decodeServerMessage,
  emptyAwarenessMessage,
  encodeAwareness,
  encodePermissionDenied,
  encodePing,
  encodePong,
  encodeQueryAwareness,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
} from './codec.js'
import {
  encodeAccess,
  encodeAcknowledge,
  encodeAway,
  encodeBack,
  encodeHello,
  encodePosition,
  encodeReceivedSignal,
  encodeReject,
  encodeResume,
  encodeSentSignal,
  encodeSignalReceipt,
  encodeTab,
  encodeToken,
} from './extension-codec.js'
import type { ClientMessage, ServerMessage } from './message.js'

const payload = Uint8Array.of(1, 2, 3)
const hello = {
  connectionId: 'c-1',
  access: 'write',
  epoch: Uint8Array.of(9, 9),
  position: Uint8Array.of(0, 7),
  durability: 'os',
  maxUpdateBytes: 16_777_216,
  heartbeatMs: 20_000,
} as const
const reject = { frame: 300, code: 'LIMIT_REACHED', reason: 'zu groß', retryAfterMs: 1_500 }

const access = { access: 'read', principal: 'ada ß', expiresInMs: 90_000 } as const
const place = { epoch: Uint8Array.of(9, 9), position: payload }
const signal = { connectionId: 'c-2', principal: 'ada', payload: '{}' }
const receipt = { id: 300, reached: 12, code: 'RATE', retryAfterMs: 250 }

const fromBoth: readonly (readonly [Uint8Array, ClientMessage])[] = [
  [encodeSyncStep1(payload), { type: 'sync-step-1', stateVector: payload }],
  [encodeSyncStep2(payload), { type: 'sync-step-2', update: payload }],
  [encodeUpdate(payload), { type: 'update', update: payload }],
  [encodeAwareness(payload), { type: 'awareness', awareness: payload }],
  [encodePermissionDenied('nein, ß'), { type: 'auth', reason: 'nein, ß' }],
  [encodeQueryAwareness(), { type: 'query-awareness' }],
  [encodePing(payload), { type: 'ping', payload }],
  [encodePong(new Uint8Array(0)), { type: 'pong', payload: new Uint8Array(0) }],
]
const fromServer: readonly (readonly [Uint8Array, ServerMessage])[] = [
  [encodeHello(hello), { type: 'hello', ...hello }],
  [
    encodeAcknowledge({ count: 300, position: payload }),
    { type: 'acknowledge', count: 300, position: payload },
  ],
  [encodeReject(reject), { type: 'reject', ...reject }],
  [encodeAway([]), { type: 'away', clientIDs: [] }],
  [encodeBack([1, 4_294_967_295]), { type: 'back', clientIDs: [1, 4_294_967_295] }],
  [encodeAccess(access), { type: 'access', ...access }],
  [encodePosition(place), { type: 'position', ...place }],
  [encodeReceivedSignal(signal), { type: 'signal', ...signal }],
  [encodeSignalReceipt(receipt), { type: 'signal-receipt', ...receipt }],
]
const fromClient: readonly (readonly [Uint8Array, ClientMessage])[] = [
  [encodeTab('tab-1'), { type: 'tab', tab: 'tab-1' }],
  [encodeToken('a.b.c'), { type: 'token', token: 'a.b.c' }],
  [encodeResume(place), { type: 'resume', ...place }],
  [encodeSentSignal({ id: 300, payload: '"ß"' }), { type: 'signal', id: 300, payload: '"ß"' }],
]

describe('a message', () => {
  test('is read as it was written', () => {
    for (const [frame, message] of fromClient) {
      expect(decodeClientMessage(frame)).toEqual(message)
    }
    for (const [frame, message] of fromBoth) {
      expect(decodeClientMessage(frame)).toEqual(message)
      expect(decodeServerMessage(frame)).toEqual(message)
    }
    for (const [frame, message] of fromServer) {
      expect(decodeServerMessage(frame)).toEqual(message)
    }
  })

  test('cut short or made longer is refused, wherever that is', () => {
    for (const [frame, message] of [...fromBoth, ...fromServer]) {
      for (let length = 0; length < frame.length; length++) {
        expectMalformed(() => decodeServerMessage(frame.subarray(0, length)))
      }
      if (message.type === 'query-awareness') continue
      expectMalformed(() => decodeServerMessage(Uint8Array.from([...frame, 0])))
    }
  })

  test('of the sync protocol has the bytes of y-protocols', () => {
    const doc = new Y.Doc()
    doc.getText('t').insert(0, 'abc')
    const write = (fill: (encoder: encoding.Encoder) => void) => {
      const encoder = encoding.createEncoder()
      encoding.writeVarUint(encoder, 0)
      fill(encoder)
      return encoding.toUint8Array(encoder)
    }
    const step1 = write((encoder) => syncProtocol.writeSyncStep1(encoder, doc))
    const step2 = write((encoder) => syncProtocol.writeSyncStep2(encoder, doc))
    const update = Y.encodeStateAsUpdate(doc)
    expect(encodeSyncStep1(Y.encodeStateVector(doc))).toEqual(step1)
    expect(encodeSyncStep2(update)).toEqual(step2)
    expect(encodeUpdate(update)).toEqual(
      write((encoder) => syncProtocol.writeUpdate(encoder, update)),
    )
    const decoder = decoding.createDecoder(encodeSyncStep2(update))
    decoding.readVarUint(decoder)
    const replica = new Y.Doc()
    syncProtocol.readSyncMessage(decoder, encoding.createEncoder(), replica, null)
    expect(replica.getText('t').toString()).toBe('abc')
  })

  test('shares the memory of its frame', () => {
    const frame = encodeUpdate(payload)
    const message = decodeClientMessage(frame)
    expect(message.type === 'update' && message.update.buffer === frame.buffer).toBe(true)
  })

  test('with a payload of any size is one Uint8Array of just that length', () => {
    for (const length of [0, 1, 125, 126, 127, 128, 16_383, 16_384, 100_000]) {
      for (const encode of [encodeUpdate, encodeAwareness, encodePing]) {
        const frame = encode(new Uint8Array(length).fill(7))
        expect(frame.buffer.byteLength).toBe(frame.length)
      }
      const acknowledge = encodeAcknowledge({ count: length * 1e9, position: payload })
      expect(acknowledge.buffer.byteLength).toBe(acknowledge.length)
    }
  })

  test('of an empty awareness has three bytes', () => {
    expect(emptyAwarenessMessage).toEqual(encodeAwareness(Uint8Array.of(0)))
  })
})

describe('a type that is not known', () => {
  test.each([4, 99, 114, 2 ** 32])('such as %d is passed over, whatever follows', (messageType) => {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, messageType)
    encoding.writeUint8Array(encoder, Uint8Array.of(0xff, 0xff))
    const frame = encoding.toUint8Array(encoder)
    expect(decodeClientMessage(frame)).toEqual({ type: 'unknown', messageType })
    expect(decodeServerMessage(frame)).toEqual({ type: 'unknown', messageType })
  })

  test('to a server is also what only a server may send', () => {
    for (const [frame, message] of fromServer) {
      if (message.type === 'signal') continue
      expect(decodeClientMessage(frame)).toEqual({ type: 'unknown', messageType: frame[0] })
    }
  })
})

describe('a frame is refused', () => {
  test.each([
    ['that is empty', []],
    ['of an unknown kind of sync message', [0, 3, 0]],
    ['of an unknown kind of auth message', [2, 1, 0]],
    ['with two messages', [0, 0, 1, 0, 1, 1, 0]],
    ['with a reason of bad UTF-8', [2, 0, 1, 0xff]],
    ['with a type of nine bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0, 0]],
  ])('%s', (_name, bytes) => {
    expectMalformed(() => decodeClientMessage(Uint8Array.from(bytes)))
  })

  test('with an access or a durability that is not known', () => {
    const frame = encodeHello(hello)
    const [access, durability] = [5, 12]
    expect([frame[access], frame[durability]]).toEqual([1, 1])
    for (const at of [access, durability]) {
      expectMalformed(() => decodeServerMessage(frame.with(at, 3)))
    }
  })

  test('but not for what the client of y-sweet sends after query awareness', () => {
    expect(decodeClientMessage(Uint8Array.of(3, 1, 0))).toEqual({ type: 'query-awareness' })
  })
})

function expectMalformed(decode: () => unknown): void {
  expect(decode).toThrow(expect.objectContaining({ code: 'MALFORMED_MESSAGE' }))
}
