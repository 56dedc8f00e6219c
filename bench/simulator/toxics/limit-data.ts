import type { Toxic } from './toxic.js'

/** The connection closes once `bytes` have gone through. */
export function limitData(spec: { bytes: number }): Toxic {
  let left = spec.bytes
  return {
    isSpent(bytes) {
      left -= bytes
      return left < 0
    },
  }
}
