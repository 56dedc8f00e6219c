import type { Toxic } from './toxic.js'

/** No connection: what stands is reset, and whoever makes a link refuses new ones. */
export function down(): Toxic {
  return { breaks: { afterMs: 0, how: 'reset' } }
}
