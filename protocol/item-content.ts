import { isAnyObject, skipAny, skipText } from './any-value.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { checkJson } from './json-grammar.js'
import { bytesAfterLead, utf16Length } from './utf8.js'

/** Content kinds of an item: the low five bits of its info byte (Yjs 13, Item.js, contentRefs). */
export const contentKind = {
  deleted: 1,
  json: 2,
  binary: 3,
  string: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  document: 9,
} as const

/**
 * Type kinds (Yjs 13, ContentType.js, typeRefs): array, map, text, element, fragment, hook, xml
 * text.
 */
const LAST_TYPE_KIND = 6
const XML_ELEMENT = 3
const XML_HOOK = 5

const UNDEFINED = new TextEncoder().encode('undefined')
const REPLACEMENT = new TextEncoder().encode('\ufffd')

/**
 * Passes over the content of one item. Builds nothing: no string, no value and no subdocument.
 * @returns how many clocks the item takes; 0 where the content is empty, which no item may be
 */
export function skipContent(reader: ByteReader, kind: number): number {
  switch (kind) {
    case contentKind.string:
      return skipText(reader)
    case contentKind.deleted:
      return reader.readVarUint()
    case contentKind.any:
      return skipAnyValues(reader)
    case contentKind.type:
      return skipType(reader)
    case contentKind.format:
      skipText(reader)
      return skipJson(reader)
    case contentKind.embed:
      return skipJson(reader)
    case contentKind.binary:
      reader.skipBytes(reader.readVarUint())
      return 1
    case contentKind.json:
      return skipJsonValues(reader)
    case contentKind.document:
      return skipDocument(reader)
    default:
      reader.position--
      return reader.fail('info', `expected an item of kind 1 to 9, got ${kind}`)
  }
}

/**
 * Writes the start of the content without its first `cut` clocks, which are not all, as Yjs does
 * (`write(encoder, offset)` of ContentString, ContentAny, ContentJSON and ContentDeleted; all other
 * content takes one clock). The bytes of the rest are as they were, from where the reader is left.
 */
export function cutContent(
  reader: ByteReader,
  kind: number,
  cut: number,
  writer: ByteWriter,
): void {
  if (kind === contentKind.string) {
    cutText(reader, cut, writer)
    return
  }
  writer.writeVarUint(reader.readVarUint() - cut)
  if (kind === contentKind.deleted) return
  const skipValue = kind === contentKind.any ? skipAny : skipJsonValue
  for (let left = cut; left > 0; left--) skipValue(reader)
}

/** Of a surrogate pair that is cut apart the second half becomes U+FFFD, as in Yjs. */
function cutText(reader: ByteReader, cut: number, writer: ByteWriter): void {
  const length = reader.readByteLength()
  const end = reader.position + length
  let units = 0
  while (units < cut) {
    const lead = reader.readByte()
    const more = bytesAfterLead(lead)
    units += more === 3 ? 2 : 1
    reader.position += more
  }
  const isApart = units > cut
  writer.writeVarUint(end - reader.position + (isApart ? REPLACEMENT.length : 0))
  if (isApart) writer.writeBytes(REPLACEMENT)
}

function skipAnyValues(reader: ByteReader): number {
  const count = reader.readCount(1)
  for (let left = count; left > 0; left--) skipAny(reader)
  return count
}

function skipType(reader: ByteReader): number {
  const kind = reader.readVarUint()
  if (kind > LAST_TYPE_KIND) reader.fail('type', `expected a type of kind 0 to 6, got ${kind}`)
  // The name of the element or of the hook.
  if (kind === XML_ELEMENT || kind === XML_HOOK) skipText(reader)
  return 1
}

function skipDocument(reader: ByteReader): number {
  skipText(reader)
  if (!isAnyObject(reader)) {
    if (reader.remaining === 0) reader.readByte()
    reader.fail('content', 'expected the options of a subdocument to be an object')
  }
  skipAny(reader)
  return 1
}

function skipJsonValues(reader: ByteReader): number {
  const count = reader.readCount(2)
  for (let left = count; left > 0; left--) skipJsonValue(reader)
  return count
}

function skipJsonValue(reader: ByteReader): void {
  // Yjs writes an undefined in a list as this word, which is no JSON.
  if (isWord(reader, UNDEFINED)) reader.skipBytes(1 + UNDEFINED.length)
  else skipJson(reader)
}

/** Whether a length and exactly `word` come next. */
function isWord(reader: ByteReader, word: Uint8Array): boolean {
  const { bytes, position } = reader
  if (bytes[position] !== word.length) return false
  return word.every((byte, index) => bytes[position + 1 + index] === byte)
}

function skipJson(reader: ByteReader): number {
  const length = reader.readByteLength()
  const start = reader.position
  const end = start + length
  if (utf16Length(reader.bytes, start, end) < 0) reader.fail('utf8', 'expected JSON of valid UTF-8')
  const result = checkJson(reader.bytes, start, end)
  if (result === 'too-deep') reader.fail('nesting', 'expected JSON that nests at most 64 levels')
  if (result === 'malformed') reader.fail('content', 'expected one value of JSON')
  reader.position = end
  return 1
}
