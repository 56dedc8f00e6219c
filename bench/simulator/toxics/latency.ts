import type { Chance, Toxic } from './toxic.js'

/** Every piece takes `latency` ms, give or take `jitter`. */
export function latency(spec: { latency: number; jitter: number }, chance: Chance): Toxic {
  return {
    pass: (_bytes, at) => at + Math.max(0, spec.latency + spec.jitter * (2 * chance() - 1)),
  }
}
