/**
 * Time and chance, as parameters. Everything in Cairn that waits, dates or draws does it through an
 * `Environment`, so that the whole system can run under a virtual clock from one seed.
 */
export interface Environment {
  /** Milliseconds on a clock that never goes back; its zero means nothing. May be fractional. */
  now(): number
  /** Milliseconds since the Unix epoch; may jump. For records and people, never for measuring. */
  wallClock(): number
  /** Calls `callback` once, `delayMs` from now. The owner of the timer must cancel it. */
  setTimer(callback: () => void, delayMs: number): Timer
  /** Calls `callback` after the current turn and the promise reactions that it left behind. */
  defer(callback: () => void): void
  /** A number in [0, 1). */
  random(): number
  /** Bytes for identifiers. */
  randomBytes(length: number): Uint8Array
}

export interface Timer {
  /** Calling it twice, or after the timer fired, does nothing. */
  cancel(): void
}
