import * as Y from 'yjs'
import type { AppEdit } from './extension.js'
import type { RandomStream } from './random-stream.js'

/** How often each kind of edit comes, against the others; 0 for never. */
export interface EditMix {
  /** A word into the root text `text`. */
  readonly type: number
  /** Up to 12 characters out of it. */
  readonly erase: number
  /** Bold on or off for up to 8 characters of it. */
  readonly format: number
  /** A key of the root map `map` is set or deleted. */
  readonly map: number
  /** An element into or out of the root array `array`. */
  readonly array: number
  /** An element, its words or its attributes in the root fragment `xml`. */
  readonly xml: number
  /** Undo or redo of what this editor did to text, map and fragment. */
  readonly undo: number
  /** A block that is large enough to fill buffers. */
  readonly paste: number
}

const words = [
  'der ',
  'the ',
  '漢字',
  '😀',
  'e\u0301',
  '\n',
  'a',
  'zwölf ',
  '👨‍👩‍👧',
  'x'.repeat(30),
] as const
const keys = ['title', 'a', '__proto__', 'z'] as const

/** Edits one document at random, as one person may. Any `Y.Doc` will do, connected or not. */
export class RandomEditor {
  readonly #doc: Y.Doc
  readonly #random: RandomStream
  readonly #undo: Y.UndoManager | undefined
  readonly #weights: Readonly<Record<string, number>>
  readonly #actions: Record<string, () => void> = {
    type: () => this.#insert(this.#random.pick(words)),
    erase: () => this.#erase(),
    format: () => this.#format(),
    map: () => this.#editMap(),
    array: () => this.#editArray(),
    xml: () => this.#editXml(),
    undo: () => this.#undo?.[this.#random.chance(0.6) ? 'undo' : 'redo'](),
    paste: () => this.#insert(this.#random.pick(words).repeat(this.#random.integer(100, 1_500))),
  } satisfies Record<keyof EditMix, () => void>

  /**
   * @param mix with all weights 0 only `appEdits` are made
   * @param appEdits kinds of an application's own, by name
   */
  constructor(
    doc: Y.Doc,
    random: RandomStream,
    mix: EditMix,
    appEdits: Readonly<Record<string, AppEdit>> = {},
  ) {
    this.#doc = doc
    this.#random = random
    const weights: Record<string, number> = { ...mix }
    for (const [name, edit] of Object.entries(appEdits)) {
      // A name that no kind of ours has, and no number, which would come before the others.
      const key = `app ${name}`
      weights[key] = edit.weight
      this.#actions[key] = () => edit.apply(doc, random)
    }
    this.#weights = weights
    const scope = [doc.getText('text'), doc.getMap('map'), doc.getXmlFragment('xml')]
    this.#undo = mix.undo > 0 ? new Y.UndoManager(scope, { captureTimeout: 300 }) : undefined
  }

  /** Makes one edit; none where every weight is 0. */
  edit(): void {
    const kind = this.#random.weighted(this.#weights)
    if (kind !== undefined) this.#actions[kind]?.()
  }

  #insert(text: string): void {
    const target = this.#doc.getText('text')
    target.insert(wholeFrom(target.toString(), this.#random.integer(0, target.length)), text)
  }

  #erase(): void {
    const [from, length] = this.#range(12)
    if (length > 0) this.#doc.getText('text').delete(from, length)
  }

  #format(): void {
    const [from, length] = this.#range(8)
    const bold = this.#random.chance(0.5) ? true : null
    if (length > 0) this.#doc.getText('text').format(from, length, { bold })
  }

  /** Where it starts and how long it is: up to about `longest`, and 0 where there is no text. */
  #range(longest: number): readonly [from: number, length: number] {
    const text = this.#doc.getText('text').toString()
    const start = this.#random.integer(0, text.length)
    const from = wholeFrom(text, start)
    return [from, wholeFrom(text, start + this.#random.integer(1, longest)) - from]
  }

  #editMap(): void {
    const map = this.#doc.getMap('map')
    const key = this.#random.pick(keys)
    if (this.#random.chance(0.2)) map.delete(key)
    else if (this.#random.chance(0.3)) map.set(key, new Y.Map([['n', this.#random.integer(0, 9)]]))
    else map.set(key, this.#random.integer(0, 99))
  }

  #editArray(): void {
    const array = this.#doc.getArray('array')
    if (array.length > 0 && this.#random.chance(0.35)) {
      array.delete(this.#random.integer(0, array.length - 1), 1)
      return
    }
    const at = this.#random.integer(0, array.length)
    array.insert(at, [this.#random.chance(0.2) ? new Y.Text('in an array') : { at }])
  }

  #editXml(): void {
    const fragment = this.#doc.getXmlFragment('xml')
    const first: unknown = fragment.length > 0 ? fragment.get(0) : undefined
    if (fragment.length > 3 && this.#random.chance(0.4)) {
      fragment.delete(this.#random.integer(0, fragment.length - 1), 1)
    } else if (first instanceof Y.XmlElement && this.#random.chance(0.5)) {
      first.setAttribute('level', String(this.#random.integer(1, 6)))
      first.insert(0, [new Y.XmlText('words')])
    } else {
      fragment.insert(this.#random.integer(0, fragment.length), [new Y.XmlElement('paragraph')])
    }
  }
}

/**
 * The position, or the one before where it is inside a surrogate pair. No editor cuts one, and Yjs
 * turns the halves into U+FFFD on this replica only where no edit comes of the cut.
 */
function wholeFrom(text: string, position: number): number {
  const at = Math.min(position, text.length)
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at
}
