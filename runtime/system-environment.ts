import { randomFillSync } from 'node:crypto'
import type { Environment } from './environment.js'
import { webEnvironment } from './web-environment.js'

/** The real clock, timers and randomness of Node. */
export const systemEnvironment: Environment = {
  ...webEnvironment,
  defer(callback) {
    setImmediate(callback)
  },
  randomBytes: (length) => randomFillSync(new Uint8Array(length)),
}
