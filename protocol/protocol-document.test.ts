import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { encodeAwarenessEntries } from './awareness-message.js'
import {
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
import { errorCatalogue } from './errors.js'
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
import { protocolLimits } from './limits.js'
import { extensionProtocol, messageType } from './message.js'
import { encodeStateVector } from './state-vector.js'
import { updateRules } from './update-rules.js'

const document = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8')

/** The rows of the table between two marks, without its two lines of heading. */
function tableOf(mark: string): string[] {
  const [, rest] = document.split(`<!-- ${mark} -->\n`)
  const [table] = rest?.split(`<!-- /${mark} -->`) ?? []
  return table?.trimEnd().split('\n').slice(2) ?? []
}

const bytes = (...values: number[]) => Uint8Array.from(values)
const state = new TextEncoder().encode('{}')
const hello = {
  connectionId: 'c',
  access: 'write',
  epoch: bytes(),
  position: bytes(),
  durability: 'os',
  maxUpdateBytes: 255,
  heartbeatMs: 1,
} as const
const firstHello = {
  ...hello,
  access: 'read',
  epoch: bytes(9, 9),
  position: bytes(0, 7),
  durability: 'fsync',
  maxUpdateBytes: 16_777_216,
  heartbeatMs: 20_000,
} as const
const reject = { frame: 3, code: 'RATE', reason: 'slow', retryAfterMs: 1_000 }

const examples: Readonly<Record<string, Uint8Array>> = {
  'sync step 1, empty state vector': encodeSyncStep1(encodeStateVector(new Map())),
  'sync step 2, empty update': encodeSyncStep2(bytes(0, 0)),
  'update `01 02 03`': encodeUpdate(bytes(1, 2, 3)),
  'awareness of client 300, clock 2, `{}`': encodeAwareness(
    encodeAwarenessEntries([{ clientID: 300, clock: 2, state }]),
  ),
  'awareness without entries': emptyAwarenessMessage,
  'permission denied, `no`': encodePermissionDenied('no'),
  'query awareness': encodeQueryAwareness(),
  'hello, read, fsync': encodeHello(firstHello),
  'hello, write, os': encodeHello(hello),
  'hello, write, memory': encodeHello({ ...hello, durability: 'memory' }),
  'acknowledge of 300 frames': encodeAcknowledge({ count: 300, position: bytes(0, 7) }),
  'reject of frame 3': encodeReject(reject),
  'ping `2a`': encodePing(bytes(0x2a)),
  'pong `2a`': encodePong(bytes(0x2a)),
  'away, clients 1 and 300': encodeAway([1, 300]),
  'back, client 300': encodeBack([300]),
  'access, read, `ada`, for 60 s': encodeAccess({
    access: 'read',
    principal: 'ada',
    expiresInMs: 60_000,
  }),
  'token `t`': encodeToken('t'),
  'signal 300 to others, `1`': encodeSentSignal({ id: 300, payload: '1' }),
  'signal from connection `c` of `ada`, `1`': encodeReceivedSignal({
    connectionId: 'c',
    principal: 'ada',
    payload: '1',
  }),
  resume: encodeResume({ epoch: bytes(9, 9), position: bytes(0, 7) }),
  'tab `t`': encodeTab('t'),
  'position, same epoch': encodePosition({ epoch: bytes(), position: bytes(0, 7) }),
  'receipt of signal 300, by 2': encodeSignalReceipt({
    id: 300,
    reached: 2,
    code: '',
    retryAfterMs: 0,
  }),
}

function hex(message: Uint8Array): string {
  return Array.from(message, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

describe('docs/PROTOCOL.md', () => {
  test('shows the bytes of every message as they are', () => {
    const rows = Object.entries(examples).map(
      ([name, message]) => `| ${name} | \`${hex(message)}\` |`,
    )
    expect(tableOf('examples')).toEqual(rows)
  })

  test('shows an example of every message type', () => {
    const types = Object.values(examples).map((message) => message[0])
    expect(new Set(types)).toEqual(new Set(Object.values(messageType)))
  })

  test('ends its history with the present version, whose bytes are those of that version', () => {
    const lines = Object.entries(examples).map(([name, message]) => `${name}: ${hex(message)}\n`)
    const fingerprint = createHash('sha256').update(lines.join('')).digest('hex').slice(0, 16)
    const versions = tableOf('history').map((row) => row.split('|').slice(1, 3).join('|').trim())
    expect(versions.at(-1)).toBe(`\`${extensionProtocol}\` | \`${fingerprint}\``)
    expect(new Set(versions.map((row) => row.split('|')[0])).size).toBe(versions.length)
  })

  test('lists the close codes of the error catalogue, all of them and no other', () => {
    const rows = Object.entries(errorCatalogue).map(
      ([code, { closeCode, meaning }]) => `| ${code} | ${closeCode} | ${meaning} |`,
    )
    expect(tableOf('close codes').sort()).toEqual(rows.sort())
  })

  test('lists the rules of an update', () => {
    const rows = Object.entries(updateRules).map(([rule, asks]) => `| \`${rule}\` | ${asks} |`)
    expect(tableOf('rules')).toEqual(rows)
  })

  test('lists the limits', () => {
    const rows = Object.entries(protocolLimits).map(
      ([name, { value, unit, reason }]) => `| ${name} | ${value} | ${unit} | ${reason} |`,
    )
    expect(tableOf('limits')).toEqual(rows)
  })
})

test('no error closes with 1009, which clients answer by sending the same message again', () => {
  for (const { closeCode } of Object.values(errorCatalogue)) {
    expect(closeCode === 1011 || closeCode === 1012 || closeCode >= 4400).toBe(true)
    expect(closeCode).toBeLessThan(4600)
  }
})
