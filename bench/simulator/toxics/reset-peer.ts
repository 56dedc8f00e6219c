import type { Toxic } from './toxic.js'

/** The connection is reset `timeout` ms from now; what is on its way is lost. */
export function resetPeer(spec: { timeout: number }): Toxic {
  return { breaks: { afterMs: spec.timeout, how: 'reset' } }
}
