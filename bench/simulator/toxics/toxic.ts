/**
 * One thing that is wrong with a link, in one direction of one connection. The names and parameters
 * are those of Toxiproxy (https://github.com/Shopify/toxiproxy), and so is what they do: a direction
 * is a chain of toxics, and what leaves one enters the next.
 *
 * A toxic knows sizes and times and no bytes, so that the same ones sit in a simulated link and in a
 * proxy of real sockets. Times are milliseconds of one clock.
 */
export interface Toxic {
  /** Cuts one write into the sizes of its pieces. */
  slice?(bytes: number): readonly number[]
  /** When a piece that enters at `at` leaves. Pieces must not overtake: the chain sees to that. */
  pass?(bytes: number, at: number): number
  /** Holds every piece for as long as the toxic is there. */
  readonly holds?: boolean
  /** Counts a piece; true once the connection has had all that it may have, and ends. */
  isSpent?(bytes: number): boolean
  /** Breaks the connection, this long after the toxic met it. */
  readonly breaks?: { readonly afterMs: number; readonly how: 'reset' | 'close' }
  /** How much later than asked for a close goes out. */
  readonly closeDelayMs?: number
}

/** Numbers in [0, 1), for toxics that draw. */
export type Chance = () => number
