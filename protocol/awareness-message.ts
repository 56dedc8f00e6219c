import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { checkJson } from './json-grammar.js'
import { protocolLimits } from './limits.js'
import { utf16Length } from './utf8.js'

const MAX_CLOCK = protocolLimits.clock.value
const OPEN_BRACE = 0x7b
const LETTER_N = 0x6e
const nullState = new TextEncoder().encode('null')

/** One client's presence as it travels. */
export interface AwarenessEntry {
  readonly clientID: number
  readonly clock: number
  /** The JSON text of an object, as it came; undefined stands for `null`, which removes. */
  readonly state: Uint8Array | undefined
}

export interface AwarenessLimits {
  readonly maxEntries: number
  /** Bytes of JSON text of one state. */
  readonly maxStateBytes: number
}

/**
 * Reads the content of an awareness message (y-protocols 1.0.7, awareness.js). All of it is checked
 * before anything is returned: y-protocols itself keeps what stands before a malformed entry.
 * The states are views of `bytes`.
 * @throws MALFORMED_AWARENESS, LIMIT_REACHED for too many entries or too large a state
 */
export function decodeAwareness(bytes: Uint8Array, limits: AwarenessLimits): AwarenessEntry[] {
  const reader = new ByteReader('MALFORMED_AWARENESS', bytes)
  const count = reader.readCount(3)
  if (count > limits.maxEntries) {
    reader.failLimit('entries', `at most ${limits.maxEntries} awareness states, got ${count}`)
  }
  const entries: AwarenessEntry[] = []
  for (let index = 0; index < count; index++) {
    const clientID = reader.readVarUint()
    const clock = reader.readVarUint()
    if (clock > MAX_CLOCK) reader.fail('clock', `expected a clock of at most 2^48, got ${clock}`)
    entries.push({ clientID, clock, state: readState(reader, limits.maxStateBytes) })
  }
  reader.expectEnd()
  return entries
}

function readState(reader: ByteReader, maxBytes: number): Uint8Array | undefined {
  const length = reader.readByteLength()
  const start = reader.position
  const end = start + length
  if (length > maxBytes) {
    reader.failLimit(
      'state-bytes',
      `at most ${maxBytes} bytes of an awareness state, got ${length}`,
    )
  }
  if (utf16Length(reader.bytes, start, end) < 0) {
    reader.fail('utf8', 'expected a state of valid UTF-8')
  }
  const result = checkJson(reader.bytes, start, end)
  if (result === 'too-deep') reader.fail('nesting', 'expected a state that nests at most 64 levels')
  if (result === 'malformed') reader.fail('content', 'expected a state that is JSON')
  if (result !== OPEN_BRACE && result !== LETTER_N) {
    reader.fail('content', 'expected a state that is an object or null')
  }
  reader.position = end
  return result === LETTER_N ? undefined : reader.bytes.subarray(start, end)
}

/** The content of an awareness message, for `encodeAwareness`. */
export function encodeAwarenessEntries(entries: readonly AwarenessEntry[]): Uint8Array {
  let capacity = 8
  for (const entry of entries) capacity += 24 + (entry.state ?? nullState).length
  const writer = new ByteWriter(capacity)
  writer.writeVarUint(entries.length)
  for (const entry of entries) {
    writer.writeVarUint(entry.clientID)
    writer.writeVarUint(entry.clock)
    writer.writeVarBytes(entry.state ?? nullState)
  }
  return writer.finish()
}
