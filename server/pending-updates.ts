import type { DocumentIndex, UpdateOutline } from './document-index.js'

/** The part of the index that pending updates come on top of. */
type DurablePart = Pick<
  DocumentIndex,
  'stateVector' | 'deleteRanges' | 'rootNames' | 'subdocuments' | 'byteLength'
>

/**
 * What was admitted and is not durable yet, over what is. Admission asks here, so that a client may
 * build on what it sent a moment ago, and so that no limit is passed while a batch is written.
 */
export class PendingUpdates {
  readonly #durable: DurablePart
  readonly #ends = new Map<number, number>()
  readonly #rootNames = new Map<string, number>()
  #newClients = 0
  #deleteGrowth = 0
  #subdocuments = 0
  #bytes = 0

  constructor(durable: DurablePart) {
    this.#durable = durable
  }

  /** End of the contiguous clocks of `client` that are durable or on their way. */
  readonly known = (client: number): number =>
    this.#ends.get(client) ?? this.#durable.stateVector.get(client) ?? 0

  /** Bytes of the document with what is on its way. */
  get byteLength(): number {
    return this.#durable.byteLength + this.#bytes
  }

  get clients(): number {
    return this.#durable.stateVector.size + this.#newClients
  }

  /** Delete ranges of the document; what is on its way counts for as many as it may add. */
  get deleteRanges(): number {
    return this.#durable.deleteRanges.rangeCount + this.#deleteGrowth
  }

  get rootNames(): number {
    let fresh = 0
    for (const name of this.#rootNames.keys()) if (!this.#durable.rootNames.has(name)) fresh++
    return this.#durable.rootNames.size + fresh
  }

  get subdocuments(): number {
    return this.#durable.subdocuments + this.#subdocuments
  }

  hasRootName(name: string): boolean {
    return this.#rootNames.has(name) || this.#durable.rootNames.has(name)
  }

  admit(outline: UpdateOutline, bytes: number): void {
    const { sections, rootNames, subdocuments } = outline
    for (let i = 0; i + 2 < sections.length; i += 3) {
      const client = sections[i] ?? 0
      const end = sections[i + 2] ?? 0
      const known = this.known(client)
      if (end <= known) continue
      if (known === 0) this.#newClients++
      this.#ends.set(client, end)
    }
    for (const name of rootNames) {
      this.#rootNames.set(name, (this.#rootNames.get(name) ?? 0) + 1)
    }
    this.#deleteGrowth += outline.deleteGrowth
    this.#subdocuments += subdocuments
    this.#bytes += bytes
  }

  /** What `admit` was told is durable now; to be called before the index takes it in. */
  settle(outline: UpdateOutline, bytes: number): void {
    const { sections, rootNames, subdocuments } = outline
    for (let i = 0; i + 2 < sections.length; i += 3) {
      const client = sections[i] ?? 0
      const end = sections[i + 2] ?? 0
      if (end > 0 && !this.#durable.stateVector.has(client)) this.#newClients--
      const pending = this.#ends.get(client)
      if (pending !== undefined && pending <= end) this.#ends.delete(client)
    }
    for (const name of rootNames) {
      const count = (this.#rootNames.get(name) ?? 0) - 1
      if (count > 0) this.#rootNames.set(name, count)
      else this.#rootNames.delete(name)
    }
    this.#deleteGrowth -= outline.deleteGrowth
    this.#subdocuments -= subdocuments
    this.#bytes -= bytes
  }
}
