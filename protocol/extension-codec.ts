import type { ByteReader } from './byte-reader.js'
import { ByteWriter, varUintLength } from './byte-writer.js'
import {
  type AccessMessage,
  type AcknowledgedDurability,
  type AcknowledgeMessage,
  type HelloMessage,
  messageType,
  type PositionMessage,
  type ReceivedSignalMessage,
  type RejectMessage,
  type ResumeMessage,
  type SentSignalMessage,
  type SignalReceiptMessage,
  type TabMessage,
  type TokenMessage,
} from './message.js'

// The content of the messages of `cairn.v1`, which is what follows the type.

const durabilities: readonly AcknowledgedDurability[] = ['fsync', 'os', 'memory']
const accesses: readonly HelloMessage['access'][] = ['read', 'write']

export function readHello(reader: ByteReader): HelloMessage {
  return {
    type: 'hello',
    connectionId: reader.readVarString(),
    access: readOneOf(reader, accesses),
    epoch: reader.readVarBytes(),
    position: reader.readVarBytes(),
    durability: readOneOf(reader, durabilities),
    maxUpdateBytes: reader.readVarUint(),
    heartbeatMs: reader.readVarUint(),
  }
}

export function readAcknowledge(reader: ByteReader): AcknowledgeMessage {
  return { type: 'acknowledge', count: reader.readVarUint(), position: reader.readVarBytes() }
}

export function readReject(reader: ByteReader): RejectMessage {
  return {
    type: 'reject',
    frame: reader.readVarUint(),
    code: reader.readVarString(),
    reason: reader.readVarString(),
    retryAfterMs: reader.readVarUint(),
  }
}

export function readClientIDs(reader: ByteReader): number[] {
  const clientIDs: number[] = []
  for (let count = reader.readCount(1); count > 0; count--) clientIDs.push(reader.readVarUint())
  return clientIDs
}

const maxTabBytes = 64

export function readTab(reader: ByteReader): TabMessage {
  const tab = reader.readVarString()
  const length = new TextEncoder().encode(tab).length
  if (length === 0 || length > maxTabBytes) {
    reader.fail('length', `expected a tab of 1 to ${maxTabBytes} bytes, got ${length}`)
  }
  return { type: 'tab', tab }
}

function readOneOf<Choice extends string>(reader: ByteReader, choices: readonly Choice[]): Choice {
  const index = reader.readVarUint()
  return choices[index] ?? reader.fail('type', `expected one of ${choices.length}, got ${index}`)
}

export function readAccess(reader: ByteReader): AccessMessage {
  return {
    type: 'access',
    access: readOneOf(reader, accesses),
    principal: reader.readVarString(),
    expiresInMs: reader.readVarUint(),
  }
}

export function readToken(reader: ByteReader): TokenMessage {
  return { type: 'token', token: reader.readVarString() }
}

export function readResume(reader: ByteReader): ResumeMessage {
  return { type: 'resume', epoch: reader.readVarBytes(), position: reader.readVarBytes() }
}

export function readPosition(reader: ByteReader): PositionMessage {
  return { type: 'position', epoch: reader.readVarBytes(), position: reader.readVarBytes() }
}

export function readSentSignal(reader: ByteReader): SentSignalMessage {
  return { type: 'signal', id: reader.readVarUint(), payload: reader.readVarString() }
}

export function readReceivedSignal(reader: ByteReader): ReceivedSignalMessage {
  return {
    type: 'signal',
    connectionId: reader.readVarString(),
    principal: reader.readVarString(),
    payload: reader.readVarString(),
  }
}

export function readSignalReceipt(reader: ByteReader): SignalReceiptMessage {
  return {
    type: 'signal-receipt',
    id: reader.readVarUint(),
    reached: reader.readVarUint(),
    code: reader.readVarString(),
    retryAfterMs: reader.readVarUint(),
  }
}

export function encodeHello(hello: Omit<HelloMessage, 'type'>): Uint8Array {
  const writer = new ByteWriter(96)
  writer.writeVarUint(messageType.hello)
  writer.writeVarString(hello.connectionId)
  writer.writeVarUint(accesses.indexOf(hello.access))
  writer.writeVarBytes(hello.epoch)
  writer.writeVarBytes(hello.position)
  writer.writeVarUint(durabilities.indexOf(hello.durability))
  writer.writeVarUint(hello.maxUpdateBytes)
  writer.writeVarUint(hello.heartbeatMs)
  return writer.finish()
}

export function encodeAcknowledge(acknowledge: Omit<AcknowledgeMessage, 'type'>): Uint8Array {
  const { count, position } = acknowledge
  const length = 1 + varUintLength(count) + varUintLength(position.length) + position.length
  const writer = new ByteWriter(length)
  writer.writeVarUint(messageType.acknowledge)
  writer.writeVarUint(count)
  writer.writeVarBytes(position)
  return writer.finish()
}

export function encodeReject(reject: Omit<RejectMessage, 'type'>): Uint8Array {
  const writer = new ByteWriter(32 + reject.code.length + reject.reason.length)
  writer.writeVarUint(messageType.reject)
  writer.writeVarUint(reject.frame)
  writer.writeVarString(reject.code)
  writer.writeVarString(reject.reason)
  writer.writeVarUint(reject.retryAfterMs)
  return writer.finish()
}

/** Clients whose grace period began. */
export function encodeAway(clientIDs: readonly number[]): Uint8Array {
  return encodeClientIDs(messageType.away, clientIDs)
}

/** Clients that came back within it. */
export function encodeBack(clientIDs: readonly number[]): Uint8Array {
  return encodeClientIDs(messageType.back, clientIDs)
}

/** @param tab a random name of 1 to 64 bytes */
export function encodeTab(tab: string): Uint8Array {
  const writer = new ByteWriter(2 + tab.length)
  writer.writeVarUint(messageType.tab)
  writer.writeVarString(tab)
  return writer.finish()
}

function encodeClientIDs(type: number, clientIDs: readonly number[]): Uint8Array {
  const writer = new ByteWriter(4 + clientIDs.length * 5)
  writer.writeVarUint(type)
  writer.writeVarUint(clientIDs.length)
  for (const clientID of clientIDs) writer.writeVarUint(clientID)
  return writer.finish()
}

export function encodeAccess(message: Omit<AccessMessage, 'type'>): Uint8Array {
  const writer = new ByteWriter(12 + message.principal.length)
  writer.writeVarUint(messageType.access)
  writer.writeVarUint(accesses.indexOf(message.access))
  writer.writeVarString(message.principal)
  writer.writeVarUint(message.expiresInMs)
  return writer.finish()
}

export function encodeToken(token: string): Uint8Array {
  const writer = new ByteWriter(4 + token.length)
  writer.writeVarUint(messageType.token)
  writer.writeVarString(token)
  return writer.finish()
}

export function encodeResume(resume: Omit<ResumeMessage, 'type'>): Uint8Array {
  return encodePlace(messageType.resume, resume)
}

export function encodePosition(position: Omit<PositionMessage, 'type'>): Uint8Array {
  return encodePlace(messageType.position, position)
}

export function encodeSentSignal({ id, payload }: Omit<SentSignalMessage, 'type'>): Uint8Array {
  const writer = new ByteWriter(8 + payload.length)
  writer.writeVarUint(messageType.signal)
  writer.writeVarUint(id)
  writer.writeVarString(payload)
  return writer.finish()
}

export function encodeReceivedSignal(signal: Omit<ReceivedSignalMessage, 'type'>): Uint8Array {
  const { connectionId, principal, payload } = signal
  const writer = new ByteWriter(8 + connectionId.length + principal.length + payload.length)
  writer.writeVarUint(messageType.signal)
  writer.writeVarString(connectionId)
  writer.writeVarString(principal)
  writer.writeVarString(payload)
  return writer.finish()
}

export function encodeSignalReceipt(receipt: Omit<SignalReceiptMessage, 'type'>): Uint8Array {
  const writer = new ByteWriter(16 + receipt.code.length)
  writer.writeVarUint(messageType.signalReceipt)
  writer.writeVarUint(receipt.id)
  writer.writeVarUint(receipt.reached)
  writer.writeVarString(receipt.code)
  writer.writeVarUint(receipt.retryAfterMs)
  return writer.finish()
}

function encodePlace(
  type: number,
  { epoch, position }: { readonly epoch: Uint8Array; readonly position: Uint8Array },
): Uint8Array {
  const lengths = varUintLength(epoch.length) + varUintLength(position.length)
  const writer = new ByteWriter(1 + lengths + epoch.length + position.length)
  writer.writeVarUint(type)
  writer.writeVarBytes(epoch)
  writer.writeVarBytes(position)
  return writer.finish()
}
