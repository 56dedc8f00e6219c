import type { Mutant } from '../mutant.js'

export const lyingFsync: Mutant = {
  name: 'lying-fsync',
  what: 'the database says that it has synced and has not',
  caughtBy: ['log-history', 'acknowledged-kept', 'shown-durable', 'saved-durable'],
  needs: { durability: 'fsync', faults: { 'power-cut': 5_000 } },
  disk: (inner) => async (directory, options) => {
    const port = await inner(directory, options)
    return { ...port, write: (operations) => port.write(operations, { sync: false }) }
  },
}
