import type { Environment } from '../runtime/environment.js'

/** Up to so many clients a loop over the array is faster than a table. */
const FEW_CLIENTS = 8

/**
 * The highest clock of each of many clients, in two parallel arrays, without an allocation per
 * client. Clients come from strangers, so the table hashes with random multipliers (multiply-shift,
 * Dietzfelbinger et al. 1997): nobody can choose clients that fall together.
 */
export class ClientClocks {
  count = 0
  clients = new Float64Array(FEW_CLIENTS)
  clocks = new Float64Array(FEW_CLIENTS)
  /** For each bucket the index of its first client plus 1; empty while there are few clients. */
  #buckets = new Int32Array(0)
  /** For each client the index of the next one in its bucket plus 1. */
  #next = new Int32Array(0)
  #shift = 32
  readonly #lowMultiplier: number
  readonly #highMultiplier: number

  constructor(environment: Pick<Environment, 'randomBytes'>) {
    const random = new DataView(Uint8Array.from(environment.randomBytes(8)).buffer)
    this.#lowMultiplier = random.getInt32(0) | 1
    this.#highMultiplier = random.getInt32(4) | 1
  }

  clear(): void {
    this.count = 0
    if (this.#buckets.length === 0) return
    // A table is rare, and a large one should not outlive the update that needed it.
    this.clients = new Float64Array(FEW_CLIENTS)
    this.clocks = new Float64Array(FEW_CLIENTS)
    this.#buckets = new Int32Array(0)
    this.#next = new Int32Array(0)
  }

  /** Sets the client's clock to `clock`, unless it is higher already. */
  raise(client: number, clock: number): void {
    const index = this.#find(client)
    if (index < 0) this.#append(client, clock)
    else if ((this.clocks[index] as number) < clock) this.clocks[index] = clock
  }

  #find(client: number): number {
    if (this.#buckets.length > 0) return this.#findInTable(client)
    // The one that came last most often comes again.
    for (let index = this.count - 1; index >= 0; index--) {
      if (this.clients[index] === client) return index
    }
    return -1
  }

  #findInTable(client: number): number {
    let index = (this.#buckets[this.#bucketOf(client)] as number) - 1
    while (index >= 0 && this.clients[index] !== client) index = (this.#next[index] as number) - 1
    return index
  }

  #append(client: number, clock: number): void {
    if (this.count === this.clients.length) this.#grow()
    const index = this.count++
    this.clients[index] = client
    this.clocks[index] = clock
    if (this.#buckets.length > 0) this.#link(index)
  }

  #grow(): void {
    const capacity = this.clients.length * 4
    this.clients = grown(this.clients, capacity)
    this.clocks = grown(this.clocks, capacity)
    this.#buckets = new Int32Array(capacity)
    this.#next = new Int32Array(capacity)
    this.#shift = Math.clz32(capacity - 1)
    for (let index = 0; index < this.count; index++) this.#link(index)
  }

  #link(index: number): void {
    const bucket = this.#bucketOf(this.clients[index] as number)
    this.#next[index] = this.#buckets[bucket] as number
    this.#buckets[bucket] = index + 1
  }

  #bucketOf(client: number): number {
    const low = Math.imul(client | 0, this.#lowMultiplier)
    const high = Math.imul(client / 4_294_967_296, this.#highMultiplier)
    return (low + high) >>> this.#shift
  }
}

function grown(array: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(capacity)
  copy.set(array)
  return copy
}
