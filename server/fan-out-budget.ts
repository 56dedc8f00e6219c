import { SpendingRate } from './spending-rate.js'

/** Of one core, what a document may always spend on fan-out. */
const leastShare = 0.05
/** Of one core, what all documents together spend before the busy ones flush less often. */
const budget = 0.2

/**
 * What the documents of one server spend on fan-out. A document that is busy alone may use what the
 * others leave of the budget, which makes it quick; in company it falls back to the least share,
 * which makes each delivery cheap (docs/adr/0006).
 */
export class FanOutBudget {
  readonly #all = new SpendingRate()

  spend(now: number, costMs: number): void {
    this.#all.add(now, costMs)
  }

  /** The share of a core for the document that spends `own` of what is spent. */
  shareFor(own: SpendingRate, now: number): number {
    const others = this.#all.at(now) - own.at(now)
    return Math.min(budget, Math.max(leastShare, budget - others))
  }
}
