/**
 * The clocks that were admitted and are not durable yet, over the durable state vector. Admission
 * asks here, so that a client may build on what it sent a moment ago.
 */
export class PendingClocks {
  readonly #durable: ReadonlyMap<number, number>
  readonly #pending = new Map<number, number>()

  constructor(durable: ReadonlyMap<number, number>) {
    this.#durable = durable
  }

  /** End of the contiguous clocks of `client` that are durable or on their way. */
  readonly known = (client: number): number =>
    this.#pending.get(client) ?? this.#durable.get(client) ?? 0

  /** Clients that have clocks, durable or on their way. At most an estimate above the truth. */
  get clientCount(): number {
    return this.#durable.size + this.#pending.size
  }

  /** `sections` (client, from, to, …) were admitted. */
  admit(sections: readonly number[]): void {
    for (let i = 0; i + 2 < sections.length; i += 3) {
      const client = sections[i] ?? 0
      const end = sections[i + 2] ?? 0
      if (end > this.known(client)) this.#pending.set(client, end)
    }
  }

  /** `sections` are durable now. */
  settle(sections: readonly number[]): void {
    for (let i = 0; i + 2 < sections.length; i += 3) {
      const client = sections[i] ?? 0
      const pending = this.#pending.get(client)
      if (pending !== undefined && pending <= (sections[i + 2] ?? 0)) this.#pending.delete(client)
    }
  }
}
