/** The first wait is up to this long, the next up to twice as long, and so on. */
export const firstDelayMs = 500

/**
 * How long to wait before attempt number `attempt` (0 is the first after a connection was lost):
 * exponential backoff with full jitter, so that a crowd that was lost together does not come back
 * together (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 *
 * @param random a number in [0, 1)
 * @param maxDelayMs no wait is longer, but for what the server asked for
 * @param retryAfterMs the least wait that the server asked for; 0 where it said nothing
 */
export function reconnectDelay(
  attempt: number,
  random: number,
  maxDelayMs: number,
  retryAfterMs: number,
): number {
  const ceiling = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(attempt, 30))
  return retryAfterMs + random * ceiling
}
