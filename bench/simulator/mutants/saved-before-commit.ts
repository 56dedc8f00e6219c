import type { Mutant } from '../mutant.js'
import { acknowledgeBeforeCommit } from './acknowledge-before-commit.js'

export const savedBeforeCommit: Mutant = {
  ...acknowledgeBeforeCommit,
  name: 'saved-before-commit',
  what: 'the store resolves appends when they are queued, and only clients say so',
  caughtBy: ['saved-durable'],
  watches: ['saved-durable'],
}
