import * as Y from 'yjs'

/**
 * What a root type was used as. Yjs does not store it, so it is read off the content: `empty` where
 * nothing is left that would tell, `mixed` where it was used both as a map and as a list.
 */
export type RootKind = 'text' | 'array' | 'map' | 'xml' | 'mixed' | 'empty'

export interface RootType {
  readonly name: string
  readonly kind: RootKind
  readonly type: AnyType
}

/** The parts of a shared type that every kind of it has. */
export type AnyType = Pick<Y.AbstractType<never>, '_start' | '_map'>

/** The root types of a document in the order of their names. */
export function listRootTypes(doc: Y.Doc): readonly RootType[] {
  return [...doc.share.entries()]
    .map(([name, type]): RootType => ({ name, kind: detectKind(type), type }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function detectKind(type: AnyType): RootKind {
  const list = detectListKind(type)
  const hasKeys = [...type._map.values()].some((item) => !item.deleted)
  if (!hasKeys) return list
  return list === 'empty' ? 'map' : 'mixed'
}

function detectListKind(type: AnyType): RootKind {
  let kind: RootKind = 'empty'
  for (let item = type._start; item !== null; item = item.right) {
    const { content } = item
    if (
      content instanceof Y.ContentString ||
      content instanceof Y.ContentFormat ||
      content instanceof Y.ContentEmbed
    ) {
      return 'text'
    }
    if (content instanceof Y.ContentDeleted) continue
    const isXml = content instanceof Y.ContentType && isXmlType(content.type)
    if (!isXml) return 'array'
    kind = 'xml'
  }
  return kind
}

function isXmlType(type: unknown): boolean {
  return type instanceof Y.XmlFragment || type instanceof Y.XmlText || type instanceof Y.XmlHook
}

/** What is visible in the list part of a type: elements of an array, children of a fragment. */
export function* listElements(type: AnyType): Iterable<unknown> {
  for (let item = type._start; item !== null; item = item.right) {
    if (!item.deleted && item.countable) yield* item.content.getContent()
  }
}

/** What is visible in the map part of a type. */
export function* listEntries(type: AnyType): Iterable<readonly [string, unknown]> {
  for (const [key, item] of type._map) {
    if (!item.deleted) yield [key, item.content.getContent()[item.length - 1]]
  }
}
