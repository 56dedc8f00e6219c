/**
 * The clocks under which the server shows presence. They are its own, since the client's do not do:
 * it comes back with the clock that its peers know already, and a peer that comes back knows the
 * clocks of all others; both are then not seen for up to 15 s (y-websocket issue 122).
 *
 * 1. What is shown has a greater clock than all that was ever shown of the client, by this server or
 *    by one before it. A server that starts knows nothing of that, so clocks begin at the wall clock,
 *    in milliseconds: they grow by one for each change, of which no client has 1,000 in a second, and
 *    so stay behind it. Only a wall clock set back by more than the server was down breaks this.
 * 2. A client's own clock is taken over where it lies between the two. That keeps tabs of one browser
 *    in step, which hear each other without the server as well: what a tab hears under a greater
 *    clock than its own, be it of itself, replaces its state.
 * 3. No client can push the clock past the wall clock, whatever it claims, so the next one to use its
 *    clientID is seen.
 */
export class PresenceClock {
  readonly #offsetMs: number

  /** `offsetMs` is what the wall clock is ahead of the clock that `now` is read from. */
  constructor(offsetMs: number) {
    this.#offsetMs = offsetMs
  }

  /** Greater than any clock shown before `now`; equal to some that are shown at `now`. */
  at(now: number): number {
    return Math.floor(this.#offsetMs + now)
  }

  /** The next clock of a client that was shown under `shown`, and now says `claimed` itself. */
  next(shown: number, claimed: number, now: number): number {
    return claimed > shown && claimed <= this.at(now) ? claimed : shown + 1
  }

  /** The next clock for somebody who joins, and must not take what comes for old or for an echo. */
  fresh(shown: number, now: number): number {
    return Math.max(shown + 1, this.at(now))
  }
}
