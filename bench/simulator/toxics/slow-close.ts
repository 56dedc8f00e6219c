import type { Toxic } from './toxic.js'

/** A close reaches the other side `delay` ms late. */
export function slowClose(spec: { delay: number }): Toxic {
  return { closeDelayMs: spec.delay }
}
