import * as Y from 'yjs'
import { UpdateScanner } from '../../protocol/update-scanner.js'
import type { EditScript } from './edit-script.js'

/** Called for each edit in an update, once or more often. */
export type OnEdit = (editor: number, edit: number) => void

/**
 * Finds the edits of a document's editors in what a server sends, without a Y.Doc. An update that
 * stands as its editor sent it is known by its first clock and its length; what a server has merged
 * is scanned, and the clocks say which edits are in it.
 */
export class DeliveryReader {
  readonly #scripts: readonly EditScript[]
  readonly #editorOf: ReadonlyMap<number, number>
  readonly #scanner = new UpdateScanner()

  constructor(scripts: readonly EditScript[]) {
    this.#scripts = scripts
    this.#editorOf = new Map(scripts.map(({ clientID }, editor) => [clientID, editor]))
  }

  /** The update is what stands in `bytes` from `start` to `end`. */
  read(bytes: Uint8Array, start: number, end: number, onEdit: OnEdit): void {
    if (!this.#readUnchanged(bytes, start, end, onEdit)) {
      this.readMerged(bytes.subarray(start, end), onEdit)
    }
  }

  /**
   * An edit with structs counts where all of them are there; a pure deletion where the first clock
   * that it deletes is.
   */
  readMerged(update: Uint8Array, onEdit: OnEdit): void {
    const scan = this.#scanner.scan(update)
    if (scan.hasSkips) {
      for (const struct of Y.decodeUpdate(update).structs) {
        const { client, clock } = struct.id
        if (!(struct instanceof Y.Skip))
          this.#addRange(client, clock, clock + struct.length, onEdit)
      }
    } else {
      for (let index = 0; index < scan.sectionCount; index++) {
        const client = scan.sectionClient[index] as number
        const from = scan.sectionFrom[index] as number
        this.#addRange(client, from, scan.sectionTo[index] as number, onEdit)
      }
    }
    for (let index = 0; index < scan.deleteCount; index++) {
      const editor = this.#editorOf.get(scan.deleteClient[index] as number)
      if (editor === undefined) continue
      const deletionAt = this.#scripts[editor]?.deletionAt
      const to = scan.deleteTo[index] as number
      for (let clock = scan.deleteFrom[index] as number; clock < to; clock++) {
        const edit = deletionAt?.[clock] ?? 0
        if (edit > 0) onEdit(editor, edit - 1)
      }
    }
  }

  /** Returns false, having done nothing, unless the update is exactly one that an editor sent. */
  #readUnchanged(bytes: Uint8Array, start: number, end: number, onEdit: OnEdit): boolean {
    // One section, and a count of structs in one byte.
    if (bytes[start] !== 1 || (bytes[start + 1] as number) >= 128) return false
    let position = start + 2
    let client = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[position++] as number
      client += (byte & 127) * factor
      if (byte < 128) break
      if (position >= end) return false
    }
    const editor = this.#editorOf.get(client)
    if (editor === undefined) return false
    let clock = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[position++] as number
      clock += (byte & 127) * factor
      if (byte < 128) break
      if (position >= end) return false
    }
    const script = this.#scripts[editor]
    const edit = (script?.editAt[clock] ?? 0) - 1
    if (script?.updates[edit]?.length !== end - start) return false
    onEdit(editor, edit)
    return true
  }

  #addRange(client: number, from: number, to: number, onEdit: OnEdit): void {
    const editor = this.#editorOf.get(client)
    const script = editor === undefined ? undefined : this.#scripts[editor]
    if (editor === undefined || script === undefined) return
    for (let clock = from; clock < to; ) {
      const edit = (script.editAt[clock] ?? 0) - 1
      const next = edit < 0 ? clock + 1 : (script.clockTo[edit] as number)
      if (edit >= 0 && next <= to) onEdit(editor, edit)
      clock = next
    }
  }
}
