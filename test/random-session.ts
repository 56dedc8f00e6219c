import * as Y from 'yjs'

export type Random = () => number

/**
 * Several people on one document, who edit everything that Yjs has and exchange updates at times.
 */
export interface RandomSession {
  readonly documents: readonly Y.Doc[]
  /** What each transaction of the people themselves sent, in order. */
  readonly updates: readonly Uint8Array[]
}

export interface SessionOptions {
  readonly people: number
  readonly steps: number
  /** How often a step brings one person another's state instead of an edit. @default 0.15 */
  readonly exchanges?: number
  /** How often a step that edits is a few letters or values put in a row. @default 0 */
  readonly typing?: number
  readonly gc?: boolean
}

export function integerBelow(random: Random, end: number): number {
  return Math.floor(random() * end)
}

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[integerBelow(random, items.length)]
  if (item === undefined) throw new Error('cannot pick from nothing')
  return item
}

export function createPerson(random: Random, gc: boolean): Y.Doc {
  const doc = new Y.Doc({ gc })
  doc.clientID = integerBelow(random, 2 ** 32)
  openRoots(doc)
  return doc
}

/** Root types have to be opened with their kind before `toJSON` shows them. */
export function openRoots(doc: Y.Doc): void {
  doc.getText('text')
  doc.getMap('map')
  doc.getArray('array')
  doc.getXmlFragment('xml-ß')
}

export function runRandomSession(random: Random, options: SessionOptions): RandomSession {
  const gc = options.gc ?? true
  const documents = Array.from({ length: options.people }, () => createPerson(random, gc))
  const updates: Uint8Array[] = []
  const undoManagers = documents.map((doc) => {
    doc.on('update', (update: Uint8Array, _origin, _doc, transaction: Y.Transaction) => {
      if (transaction.local) updates.push(update)
    })
    return new Y.UndoManager([doc.getText('text'), doc.getMap('map')], { captureTimeout: 0 })
  })
  for (let step = 0; step < options.steps; step++) {
    const index = integerBelow(random, documents.length)
    const doc = documents[index]
    const undo = undoManagers[index]
    if (doc === undefined || undo === undefined) break
    if (random() < (options.exchanges ?? 0.15)) receive(random, doc, documents)
    else if (options.typing !== undefined && random() < options.typing) typeSome(random, doc)
    else if (random() < 0.08) random() < 0.6 ? undo.undo() : undo.redo()
    else doc.transact(() => editSome(random, doc))
  }
  for (const undo of undoManagers) undo.destroy()
  return { documents, updates }
}

function receive(random: Random, doc: Y.Doc, documents: readonly Y.Doc[]): void {
  const other = pick(random, documents)
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(other, Y.encodeStateVector(doc)))
}

function editSome(random: Random, doc: Y.Doc): void {
  const edits = 1 + integerBelow(random, 3)
  for (let edit = 0; edit < edits; edit++) pick(random, editors)(random, doc)
}

/** Each is a transaction of its own; Yjs joins them to one item. */
function typeSome(random: Random, doc: Y.Doc): void {
  const [text, array] = [doc.getText('text'), doc.getArray('array')]
  const isText = random() < 0.7
  let at = integerBelow(random, (isText ? text : array).length + 1)
  for (let left = 2 + integerBelow(random, 5); left > 0; left--) {
    if (isText) {
      const letter = pick(random, ['a', 'ß', '日', '🎉'])
      text.insert(at, letter)
      at += letter.length
    } else array.insert(at++, [randomAny(random)])
  }
}

const editors: readonly ((random: Random, doc: Y.Doc) => void)[] = [
  (random, doc) => editText(random, doc.getText('text')),
  (random, doc) => editText(random, doc.getText('text')),
  (random, doc) => editMap(random, doc.getMap('map')),
  (random, doc) => editArray(random, doc.getArray('array')),
  (random, doc) => editXml(random, doc.getXmlFragment('xml-ß')),
  (random, doc) => editNested(random, doc),
]

function editText(random: Random, text: Y.Text): void {
  const at = integerBelow(random, text.length + 1)
  const length = Math.min(integerBelow(random, 4), text.length - at)
  const choice = random()
  if (choice < 0.5) text.insert(at, randomString(random))
  else if (choice < 0.7) text.delete(at, length)
  else if (choice < 0.85)
    text.format(at, length, { [pick(random, ['b', 'i'])]: randomJson(random) })
  else if (choice < 0.92) text.insertEmbed(at, { image: ['ß🎉', null] }, { b: true })
  else text.applyDelta([{ retain: at }, { insert: randomString(random), attributes: { i: 1 } }])
}

function editMap(random: Random, map: Y.Map<unknown>): void {
  const key = pick(random, ['a', 'b', '', 'constructor', 'schlüssel'])
  if (random() < 0.25) map.delete(key)
  else map.set(key, randomValue(random))
}

function editArray(random: Random, array: Y.Array<unknown>): void {
  const at = integerBelow(random, array.length + 1)
  if (random() < 0.3) array.delete(at, Math.min(2, array.length - at))
  else
    array.insert(
      at,
      Array.from({ length: 1 + integerBelow(random, 3) }, () => randomAny(random)),
    )
  if (random() < 0.3) array.push([randomValue(random)])
}

function editXml(random: Random, fragment: Y.XmlFragment): void {
  const at = integerBelow(random, fragment.length + 1)
  const choice = random()
  if (choice < 0.3) {
    const element = new Y.XmlElement(pick(random, ['p', 'überschrift']))
    element.setAttribute('level', String(integerBelow(random, 9)))
    fragment.insert(at, [element])
  } else if (choice < 0.5) {
    const text = new Y.XmlText()
    text.insert(0, 'run', { em: {} })
    fragment.insert(at, [text])
  } else if (at < fragment.length) {
    const child = fragment.get(at)
    if (choice < 0.8) fragment.delete(at, 1)
    else if (child instanceof Y.XmlElement) editXml(random, child)
    else if (child instanceof Y.XmlText) child.insert(0, randomString(random))
  }
}

/** Goes on inside a type that was put into the map or the array, whoever put it there. */
function editNested(random: Random, doc: Y.Doc): void {
  const values = [...doc.getMap('map').values(), ...doc.getArray('array').toArray()]
  if (values.length === 0) return
  const value = pick(random, values)
  if (value instanceof Y.Text) editText(random, value)
  else if (value instanceof Y.Map) editMap(random, value)
  else if (value instanceof Y.Array) editArray(random, value)
}

/** A value for a map or a list: plain, binary, a type or a subdocument. */
function randomValue(random: Random): unknown {
  const choice = random()
  if (choice < 0.5) return randomAny(random)
  if (choice < 0.55) return new Y.XmlHook('hook-ß')
  if (choice < 0.6) return Uint8Array.from({ length: integerBelow(random, 5) }, () => 255)
  if (choice < 0.7) return new Y.Map([['inner', randomAny(random)]])
  if (choice < 0.8) return new Y.Text('inner')
  if (choice < 0.9) return Y.Array.from([1, 'two'])
  const guid = `sub-${integerBelow(random, 1e6)}`
  return new Y.Doc({ guid, autoLoad: random() < 0.5, meta: random() < 0.5 ? { x: 1 } : null })
}

function randomAny(random: Random): unknown {
  const simple = [
    () => integerBelow(random, 2 ** 31) - 2 ** 30,
    () => random() * 1e9,
    () => 0.5,
    () => ({ big: BigInt(integerBelow(random, 1e9)) * 1_000_003n, none: undefined }),
    () => randomString(random),
    () => null,
    () => random() < 0.5,
    () => ({ [randomString(random)]: [random(), { deep: [[]] }], bytes: Uint8Array.of(1, 2) }),
    () => ['list', 2 ** 40, {}],
  ]
  return pick(random, simple)()
}

function randomJson(random: Random): unknown {
  return pick(random, [null, true, 'x', -1.5e-7, { color: 'rot\n"\u2028' }, [1, [2, []]]])
}

function randomString(random: Random): string {
  const words = ['a', 'word ', 'Größe', '日本', '🎉', '\ud83d', 'x'.repeat(40), 'é'.repeat(60)]
  return pick(random, words) + (random() < 0.3 ? pick(random, words) : '')
}

/** Other shapes of what a session sent: merged with holes, cut and whole. */
export function deriveUpdates(random: Random, session: RandomSession): Uint8Array[] {
  const { documents, updates } = session
  const derived: Uint8Array[] = []
  const some = () => updates.filter(() => random() < 0.4)
  for (let round = 0; round < 4; round++) {
    const subset = some()
    if (subset.length > 1) derived.push(Y.mergeUpdates(subset))
    const merged = derived.at(-1)
    if (merged !== undefined) {
      derived.push(Y.diffUpdate(merged, Y.encodeStateVector(pick(random, documents))))
    }
    const [ahead, behind] = [pick(random, documents), pick(random, documents)]
    derived.push(
      Y.encodeStateAsUpdate(ahead),
      Y.encodeStateAsUpdate(ahead, Y.encodeStateVector(behind)),
    )
    const pending = new Y.Doc()
    for (const update of some()) Y.applyUpdate(pending, update)
    derived.push(Y.encodeStateAsUpdate(pending))
  }
  return derived
}
