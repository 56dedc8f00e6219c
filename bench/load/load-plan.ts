import { createRandom } from '../../runtime/seeded-random.js'
import type { Trace } from '../trace-format.js'
import { defaultMix, type EditMix } from './edit-mix.js'
import type { ScheduleOptions } from './edit-schedule.js'

/** What a run does. Everything that is counted is counted for each document. */
export interface LoadPlan {
  readonly documents: number
  /** Clients that edit and receive. */
  readonly editors: number
  /** Clients that only receive. */
  readonly observers: number
  /** Edits a second of each editor; undefined sends `editsEach` as fast as they are taken. */
  readonly rate: number | undefined
  /** Edits of each editor where there is no rate. */
  readonly editsEach: number
  readonly mix: EditMix
  /** What editors type instead: a recorded trace. */
  readonly trace: Trace | undefined
  /** Presence changes a second of each editor; 0 has no presence. */
  readonly presenceRate: number
  readonly durationMs: number
  /** Milliseconds, at the begin, in which the rate grows from nothing; part of `durationMs`. */
  readonly rampMs: number
  /**
   * How often in the run every connection is lost and comes back at once: evenly spread, but later
   * where somebody is not back from the one before.
   */
  readonly storms: number
  /** Observers of each document that stop reading while the load runs. */
  readonly slowReaders: number
  /** Documents of which real Y.Docs are compared at the end. */
  readonly witnesses: number
  /** Milliseconds after the load in which everybody must have everything. */
  readonly settleMs: number
  /** The first part of every document's name. */
  readonly prefix: string
  /** Decides clientIDs, edits and chance. */
  readonly seed: number
  /** Processes that make the load. */
  readonly workers: number
}

/** Ten editors and ninety observers of one document, five edits a second each, for ten seconds. */
export const defaultPlan: LoadPlan = {
  documents: 1,
  editors: 10,
  observers: 90,
  rate: 5,
  editsEach: 1_000,
  mix: defaultMix,
  trace: undefined,
  presenceRate: 0,
  durationMs: 10_000,
  rampMs: 1_000,
  storms: 0,
  slowReaders: 0,
  witnesses: 2,
  settleMs: 30_000,
  prefix: 'load',
  seed: 1,
  workers: 1,
}

/**
 * @throws RangeError for a plan that cannot be run, saying what to change
 */
export function checkPlan(plan: LoadPlan): void {
  const clients = plan.documents * (plan.editors + plan.observers)
  if (clients === 0) throw new RangeError('the load has no clients: give editors or observers')
  if (plan.slowReaders > plan.observers) {
    throw new RangeError(
      `${plan.slowReaders} slow readers need as many observers, there are ${plan.observers}`,
    )
  }
  if (plan.rate !== undefined && plan.durationMs < plan.rampMs) {
    throw new RangeError(`the ramp (${plan.rampMs} ms) is longer than the run`)
  }
  if (plan.workers > clients) throw new RangeError('there are more processes than clients')
}

export function scheduleOf(plan: LoadPlan): ScheduleOptions {
  const { rate, durationMs, rampMs, editsEach } = plan
  return { editors: plan.documents * plan.editors, rate, durationMs, rampMs, editsEach }
}

export function documentName(plan: LoadPlan, document: number): string {
  return `${plan.prefix}-${plan.seed}-${document}`
}

/** The clientIDs of all editors, document by document: 32 random bits each, as Yjs draws them. */
export function clientIDsOf(plan: LoadPlan): readonly number[] {
  const random = createRandom(plan.seed)
  const ids = new Set<number>()
  while (ids.size < plan.documents * plan.editors) ids.add(Math.floor(random() * 0xffff_ffff) + 1)
  return [...ids]
}

/** One client of the run. */
export interface ClientPlan {
  readonly document: number
  /** Number of the editor in its document; undefined for an observer. */
  readonly editor: number | undefined
  /** Keeps what it receives for a Y.Doc. */
  readonly isWitness: boolean
  readonly isSlow: boolean
}

/**
 * The clients that process number `worker` of the plan's has to be. A document stays in one process
 * unless there are fewer documents than processes.
 */
export function clientsOf(plan: LoadPlan, worker: number): readonly ClientPlan[] {
  const each = plan.editors + plan.observers
  const isWhole = plan.documents >= plan.workers
  const clients: ClientPlan[] = []
  for (let document = 0; document < plan.documents; document++) {
    for (let index = 0; index < each; index++) {
      const owner = isWhole ? document : document * each + index
      if (owner % plan.workers !== worker) continue
      const observer = index - plan.editors
      clients.push({
        document,
        editor: observer < 0 ? index : undefined,
        isWitness: document < plan.witnesses && observer === 0,
        isSlow: observer >= 0 && observer >= plan.observers - plan.slowReaders,
      })
    }
  }
  return clients
}
