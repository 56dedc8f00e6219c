import { ByteReader } from './byte-reader.js'
import { ByteWriter, varUintLength } from './byte-writer.js'
import {
  readAccess,
  readAcknowledge,
  readClientIDs,
  readHello,
  readPosition,
  readReceivedSignal,
  readReject,
  readResume,
  readSentSignal,
  readSignalReceipt,
  readTab,
  readToken,
} from './extension-codec.js'
import {
  type ClientMessage,
  messageType,
  type ServerMessage,
  type SharedMessage,
} from './message.js'

const SYNC_STEP_1 = 0
const SYNC_STEP_2 = 1
const SYNC_UPDATE = 2
const PERMISSION_DENIED = 0

/** An awareness message without entries: it keeps a stock client's 30 s watchdog quiet. */
export const emptyAwarenessMessage: Uint8Array = Uint8Array.of(1, 1, 0)

/**
 * Reads the one message that a frame from a client holds.
 * @throws MALFORMED_MESSAGE unless the frame is exactly one message
 */
export function decodeClientMessage(frame: Uint8Array): ClientMessage {
  const reader = new ByteReader('MALFORMED_MESSAGE', frame)
  const type = reader.readVarUint()
  switch (type) {
    case messageType.tab:
      return readToEnd(reader, readTab)
    case messageType.token:
      return readToEnd(reader, readToken)
    case messageType.resume:
      return readToEnd(reader, readResume)
    case messageType.signal:
      return readToEnd(reader, readSentSignal)
    default:
      return decodeShared(reader, type) ?? { type: 'unknown', messageType: type }
  }
}

/**
 * Reads the one message that a frame from a server holds.
 * @throws MALFORMED_MESSAGE unless the frame is exactly one message
 */
export function decodeServerMessage(frame: Uint8Array): ServerMessage {
  const reader = new ByteReader('MALFORMED_MESSAGE', frame)
  const type = reader.readVarUint()
  switch (type) {
    case messageType.hello:
      return readToEnd(reader, readHello)
    case messageType.acknowledge:
      return readToEnd(reader, readAcknowledge)
    case messageType.reject:
      return readToEnd(reader, readReject)
    case messageType.away:
      return { type: 'away', clientIDs: readToEnd(reader, readClientIDs) }
    case messageType.back:
      return { type: 'back', clientIDs: readToEnd(reader, readClientIDs) }
    case messageType.access:
      return readToEnd(reader, readAccess)
    case messageType.position:
      return readToEnd(reader, readPosition)
    case messageType.signal:
      return readToEnd(reader, readReceivedSignal)
    case messageType.signalReceipt:
      return readToEnd(reader, readSignalReceipt)
    default:
      return decodeShared(reader, type) ?? { type: 'unknown', messageType: type }
  }
}

/** What both sides may send; undefined for a type that is not among it. */
function decodeShared(reader: ByteReader, type: number): SharedMessage | undefined {
  switch (type) {
    case messageType.sync:
      return readToEnd(reader, readSync)
    case messageType.awareness:
      return readToEnd(reader, readAwareness)
    case messageType.auth:
      return readToEnd(reader, readAuth)
    case messageType.queryAwareness:
      // Nothing belongs here, but the client of y-sweet sends something.
      return { type: 'query-awareness' }
    case messageType.ping:
      return readToEnd(reader, readPing)
    case messageType.pong:
      return readToEnd(reader, readPong)
    default:
      return undefined
  }
}

function readToEnd<Message>(reader: ByteReader, read: (reader: ByteReader) => Message): Message {
  const message = read(reader)
  reader.expectEnd()
  return message
}

function readSync(reader: ByteReader): SharedMessage {
  const step = reader.readVarUint()
  switch (step) {
    case SYNC_STEP_1:
      return { type: 'sync-step-1', stateVector: reader.readVarBytes() }
    case SYNC_STEP_2:
      return { type: 'sync-step-2', update: reader.readVarBytes() }
    case SYNC_UPDATE:
      return { type: 'update', update: reader.readVarBytes() }
    default:
      return reader.fail('type', `expected a sync message of kind 0, 1 or 2, got ${step}`)
  }
}

function readAwareness(reader: ByteReader): SharedMessage {
  return { type: 'awareness', awareness: reader.readVarBytes() }
}

function readAuth(reader: ByteReader): SharedMessage {
  const kind = reader.readVarUint()
  if (kind !== PERMISSION_DENIED) {
    reader.fail('type', `expected an auth message of kind 0, got ${kind}`)
  }
  return { type: 'auth', reason: reader.readVarString() }
}

function readPing(reader: ByteReader): SharedMessage {
  return { type: 'ping', payload: reader.readVarBytes() }
}

function readPong(reader: ByteReader): SharedMessage {
  return { type: 'pong', payload: reader.readVarBytes() }
}

/** Sync step 1: asks for what `stateVector` (`Y.encodeStateVector` form) lacks. */
export function encodeSyncStep1(stateVector: Uint8Array): Uint8Array {
  return encodeSync(SYNC_STEP_1, stateVector)
}

/** Sync step 2: the last part of the answer to a sync step 1. */
export function encodeSyncStep2(update: Uint8Array): Uint8Array {
  return encodeSync(SYNC_STEP_2, update)
}

/** An edit, as Yjs v1 update bytes. */
export function encodeUpdate(update: Uint8Array): Uint8Array {
  return encodeSync(SYNC_UPDATE, update)
}

function encodeSync(step: number, content: Uint8Array): Uint8Array {
  const writer = new ByteWriter(2 + varUintLength(content.length) + content.length)
  writer.writeVarUint(messageType.sync)
  writer.writeVarUint(step)
  writer.writeVarBytes(content)
  return writer.finish()
}

/** `awareness` as `encodeAwarenessEntries` makes it. */
export function encodeAwareness(awareness: Uint8Array): Uint8Array {
  return encodeBytes(messageType.awareness, awareness)
}

/** Tells a client that something it sent needs a permission that it does not have. */
export function encodePermissionDenied(reason: string): Uint8Array {
  const writer = new ByteWriter(4 + reason.length)
  writer.writeVarUint(messageType.auth)
  writer.writeVarUint(PERMISSION_DENIED)
  writer.writeVarString(reason)
  return writer.finish()
}

/** Asks for every awareness state that the other side knows. */
export function encodeQueryAwareness(): Uint8Array {
  return Uint8Array.of(messageType.queryAwareness)
}

export function encodePing(payload: Uint8Array): Uint8Array {
  return encodeBytes(messageType.ping, payload)
}

export function encodePong(payload: Uint8Array): Uint8Array {
  return encodeBytes(messageType.pong, payload)
}

function encodeBytes(type: number, content: Uint8Array): Uint8Array {
  const writer = new ByteWriter(1 + varUintLength(content.length) + content.length)
  writer.writeVarUint(type)
  writer.writeVarBytes(content)
  return writer.finish()
}
