/** Which edits of each editor of its document one client has received. */
export class Receipts {
  /** How many edits of each editor came without a hole. */
  readonly contiguous: Uint32Array
  /** Edits that came before one that is missing. */
  readonly #early: Map<number, Set<number>> = new Map()
  #count = 0

  constructor(editors: number) {
    this.contiguous = new Uint32Array(editors)
  }

  /** Edits received, each counted once. */
  get count(): number {
    return this.#count
  }

  /** Returns whether the edit came for the first time. */
  take(editor: number, edit: number): boolean {
    const next = this.contiguous[editor] as number
    if (edit < next) return false
    if (edit > next) return this.#takeEarly(editor, edit)
    this.contiguous[editor] = next + 1
    this.#count++
    if (this.#early.size > 0) this.#closeHole(editor)
    return true
  }

  #takeEarly(editor: number, edit: number): boolean {
    const early = this.#early.get(editor) ?? new Set()
    if (early.has(edit)) return false
    this.#early.set(editor, early.add(edit))
    this.#count++
    return true
  }

  #closeHole(editor: number): void {
    const early = this.#early.get(editor)
    if (early === undefined) return
    let next = this.contiguous[editor] as number
    while (early.delete(next)) next++
    this.contiguous[editor] = next
    if (early.size === 0) this.#early.delete(editor)
  }
}
