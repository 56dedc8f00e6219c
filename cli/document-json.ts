import { Buffer } from 'node:buffer'
import * as Y from 'yjs'
import {
  type AnyType,
  listElements,
  listEntries,
  listRootTypes,
  type RootType,
} from './root-types.js'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * All root types of a document as JSON, for people and for search: text without its formatting,
 * XML as markup, binary values in base64, a subdocument as its guid, and null for a root type that
 * has no content left. It cannot be turned back into the document.
 */
export function describeAsJson(doc: Y.Doc): Json {
  // Not an object literal that is assigned to: a root type may be named `__proto__`.
  return Object.fromEntries(listRootTypes(doc).map((root) => [root.name, describeRoot(root)]))
}

function describeRoot({ kind, type }: RootType): Json {
  switch (kind) {
    case 'empty':
      return null
    case 'text':
      return plainText(type)
    case 'array':
      return describeArray(type)
    case 'map':
      return describeMap(type)
    case 'xml':
      return [...listElements(type)].map(String).join('')
    case 'mixed':
      return { map: describeMap(type), list: describeArray(type) }
  }
}

/** The characters of a text, in whatever way the type was made. */
export function plainText(type: AnyType): string {
  let text = ''
  for (let item = type._start; item !== null; item = item.right) {
    if (!item.deleted && item.content instanceof Y.ContentString) text += item.content.str
  }
  return text
}

function describeArray(type: AnyType): Json {
  return [...listElements(type)].map(describeValue)
}

function describeMap(type: AnyType): Json {
  const entries = [...listEntries(type)].map(([key, value]) => [key, describeValue(value)] as const)
  return Object.fromEntries(entries)
}

function describeValue(value: unknown): Json {
  if (value instanceof Y.Doc) return value.guid
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Y.AbstractType) return describeType(value)
  if (Array.isArray(value)) return value.map(describeValue)
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'bigint':
      return String(value)
    case 'object':
      return value === null ? null : describeObject(value)
    default:
      return null
  }
}

function describeObject(value: object): Json {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, describeValue(item)]))
}

function describeType(type: AnyType): Json {
  // The XML types extend those of plain text and of maps, so they come first.
  if (type instanceof Y.XmlFragment || type instanceof Y.XmlText || type instanceof Y.XmlHook) {
    return String(type)
  }
  if (type instanceof Y.Text) return plainText(type)
  return type instanceof Y.Map ? describeMap(type) : describeArray(type)
}
