import { decodeServerMessage } from '../protocol/codec.js'
import { messageType } from '../protocol/message.js'
import type { MessageBatch } from '../runtime/message-batch.js'
import { eventId } from './event-stream-id.js'
import type { Pieces } from './piece-writer.js'

/** Messages as the text of an event stream. */
export interface EventText {
  readonly text: Uint8Array
  /** The epoch that the stream is told of by then, in base64url; empty for none. */
  readonly epoch: string
}

interface KnownText {
  /** The epoch that it was made for; undefined where it is the same for all. */
  readonly from: string | undefined
  readonly to: string | undefined
  readonly text: Uint8Array
}

/**
 * Made once for all event streams of a document. It is kept beside the batch, for as long as the batch
 * lives: what the batch keeps itself is of one kind, and here the WebSockets of the same document take
 * turns with the streams.
 */
const texts = new WeakMap<MessageBatch, KnownText>()

/**
 * @param epoch the one that the stream was told last, in base64url; empty where it was told of none
 */
export function eventText(batch: MessageBatch, epoch: string): EventText {
  const known = texts.get(batch)
  if (known !== undefined && (known.from === undefined || known.from === epoch)) {
    return { text: known.text, epoch: known.to ?? epoch }
  }
  const made = makeText(batch.messages, epoch)
  texts.set(batch, made)
  return { text: made.text, epoch: made.to ?? epoch }
}

/**
 * The same text in pieces of about `size` bytes, each made when it is asked for.
 * @param epoch as for `eventText`
 */
export function eventPieces(
  messages: readonly Uint8Array[],
  epoch: string,
  size: number,
): Pieces & { readonly epoch: string } {
  const { ids, told = epoch } = idsOf(messages, epoch)
  let byteLength = 0
  for (const [index, message] of messages.entries()) {
    byteLength += (ids.get(index) ?? '').length + before.length + behind.length
    byteLength += Math.ceil(message.byteLength / 3) * 4
  }
  return { byteLength, pieces: piecesOf(messages, ids, size), epoch: told }
}

const before = 'data: '
const behind = '\n\n'

function* piecesOf(
  messages: readonly Uint8Array[],
  ids: ReadonlyMap<number, string>,
  size: number,
): Generator<Uint8Array, undefined> {
  // Three bytes are four characters: cut anywhere else, the parts would not make one base64 text.
  const partBytes = Math.max(3, size - (size % 3))
  let text = ''
  for (const [index, message] of messages.entries()) {
    text += (ids.get(index) ?? '') + before
    for (let start = 0; start < message.byteLength; start += partBytes) {
      text += base64(message.subarray(start, start + partBytes), 'base64')
      if (text.length < size) continue
      yield Buffer.from(text, 'latin1')
      text = ''
    }
    text += behind
  }
  if (text !== '') yield Buffer.from(text, 'latin1')
}

function makeText(messages: readonly Uint8Array[], epoch: string): KnownText {
  const { ids, told } = idsOf(messages, epoch)
  let text = ''
  for (const [index, message] of messages.entries()) {
    text += `${ids.get(index) ?? ''}${before}${base64(message, 'base64')}${behind}`
  }
  const from = told === undefined ? undefined : epoch
  return { from, to: told, text: Buffer.from(text, 'latin1') }
}

/** The id lines, by the index of the message that each stands before, and the epoch told by then. */
function idsOf(messages: readonly Uint8Array[], epoch: string) {
  const ids = new Map<number, string>()
  let told: string | undefined
  for (const [index, message] of messages.entries()) {
    const place = placeIn(message)
    if (place === undefined) continue
    told = place.epoch.length > 0 ? base64(place.epoch, 'base64url') : (told ?? epoch)
    const id = place.isReached ? eventId(place.position, told) : undefined
    if (id !== undefined) ids.set(index, `id: ${id}\n`)
  }
  return { ids, told }
}

/** What hello and position say of a place; hello names it before the client has got there. */
function placeIn(message: Uint8Array) {
  const [type] = message
  if (type !== messageType.hello && type !== messageType.position) return undefined
  const decoded = decodeServerMessage(message)
  if (decoded.type !== 'hello' && decoded.type !== 'position') return undefined
  const { epoch, position } = decoded
  return { epoch, position, isReached: decoded.type === 'position' }
}

function base64(bytes: Uint8Array, encoding: 'base64' | 'base64url'): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding)
}
