import type { Toxic } from './toxic.js'

/**
 * Nothing gets through, and after `timeout` ms the connection closes. With 0 it never does: both
 * sides believe in a connection that is none. What was on its way arrives when the toxic is taken
 * away, as TCP would send it again.
 */
export function timeout(spec: { timeout: number }): Toxic {
  if (spec.timeout === 0) return { holds: true }
  return { holds: true, breaks: { afterMs: spec.timeout, how: 'close' } }
}
