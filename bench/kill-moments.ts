/** Where kills fall in a run of so many transactions, decided by `random`. */
export interface KillMoments {
  /** Kill once so many transactions are written; ascending. */
  readonly after: readonly number[]
  /**
   * Transactions that an author may write while offline, so few that those of all authors together
   * leave enough for the next kill to fall among edits that are in flight.
   */
  readonly offlineBudget: number
}

const mostOffline = 200

/**
 * One kill in each of equal stretches of the run, leaving out its first twentieth and its last tenth,
 * so that each falls among edits and has edits after it.
 */
export function chooseKillMoments(
  transactions: number,
  kills: number,
  authors: number,
  random: () => number,
): KillMoments {
  const from = transactions * 0.05
  const stretch = (transactions * 0.85) / Math.max(1, kills)
  const after = Array.from({ length: kills }, (_, kill) =>
    Math.ceil(from + (kill + random()) * stretch),
  )
  const share = Math.floor(stretch / (4 * authors))
  return { after, offlineBudget: Math.max(1, Math.min(mostOffline, share)) }
}
