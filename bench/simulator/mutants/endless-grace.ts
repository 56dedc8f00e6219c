import type { Mutant } from '../mutant.js'

export const endlessGrace: Mutant = {
  name: 'endless-grace',
  what: 'the presence of a lost connection is never removed',
  caughtBy: ['presence-exact', 'everything-let-go'],
  needs: { editors: 3 },
  server: (options) => ({ ...options, presence: { ...options.presence, graceMs: 3_600_000 } }),
}
