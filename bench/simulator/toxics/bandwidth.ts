import type { Toxic } from './toxic.js'

/** At most `rate` KB a second; pieces wait for those before them. */
export function bandwidth(spec: { rate: number }): Toxic {
  let freeAt = 0
  return {
    pass(bytes, at) {
      freeAt = Math.max(freeAt, at) + bytes / spec.rate
      return freeAt
    },
  }
}
