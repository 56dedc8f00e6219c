import type { Environment } from '../runtime/environment.js'
import { TraceAuthor } from './trace-author.js'
import type { WrittenTransaction } from './trace-desk.js'
import { TraceError } from './trace-error.js'
import type { TracePlan } from './trace-plan.js'
import { waitUntil } from './wait-until.js'

/** Binds one author's document to the others, over whatever network there is. */
export interface AuthorLink {
  readonly isOnline: boolean
  /** Calls `listener` whenever `isOnline` may have changed; returns what stops it. */
  onChange(listener: () => void): () => void
  close(): void
}

export interface ReplayOptions {
  readonly environment: Environment
  /** One clientID for each agent; Yjs puts the lower one first where both insert at one place. */
  readonly clientIDs: readonly number[]
  readonly connect: (author: TraceAuthor) => AuthorLink
  /** Called after each transaction, in the turn in which its bytes were handed to the network. */
  readonly onWritten?: (written: number) => void
  /** Transactions that an author writes while offline before it waits for its link. @default 200 */
  readonly offlineBudget?: number
  /** Milliseconds without any progress after which the replay fails. @default 60000 */
  readonly deadlineMs?: number
}

/** Transactions that an author writes before the sockets get their turn. */
const transactionsPerTurn = 8

/** A trace being replayed by one author for each of its agents. */
export class TraceReplay {
  readonly authors: readonly TraceAuthor[]
  readonly #plan: TracePlan
  readonly #options: ReplayOptions
  readonly #links: AuthorLink[] = []
  #written = 0
  #isClosed = false

  /** @throws TraceError unless there is one clientID for each agent */
  constructor(plan: TracePlan, options: ReplayOptions) {
    const ledger: WrittenTransaction[][] = Array.from({ length: plan.agents }, () => [])
    if (options.clientIDs.length !== plan.agents) {
      throw new TraceError(`${options.clientIDs.length} clientIDs for ${plan.agents} agents`)
    }
    this.#plan = plan
    this.#options = options
    this.authors = options.clientIDs.map(
      (clientID, agent) => new TraceAuthor(agent, clientID, plan, ledger),
    )
  }

  get written(): number {
    return this.#written
  }

  get areAllOnline(): boolean {
    return this.#links.length === this.authors.length && this.#links.every((link) => link.isOnline)
  }

  /** What each author that waits is waiting for; for progress and for errors. */
  get waiting(): string {
    return this.authors
      .map((author, index) => {
        const line = this.#plan.lines[author.agent]?.length ?? 0
        const link = this.#links[index]?.isOnline === true ? 'online' : 'offline'
        const missing = author.missing
        const need =
          missing === undefined ? '' : `, needs ${missing.count} of author ${missing.agent}`
        return `author ${author.agent} ${author.written}/${line} ${link}${need}`
      })
      .join('; ')
  }

  /**
   * Connects, writes everything, and resolves once everything has arrived everywhere.
   * @throws TraceError for a patch outside its document; Error where nothing moves any more
   */
  async run(): Promise<void> {
    for (const author of this.authors) this.#links.push(this.#options.connect(author))
    await Promise.all(
      this.authors.map((author, index) => this.#writeAll(author, this.#link(index))),
    )
    await Promise.all(
      this.authors.map((author) => this.#waitFor(author, () => author.hasEverything)),
    )
    for (const author of this.authors) author.admitEverything()
  }

  close(): void {
    this.#isClosed = true
    for (const link of this.#links) link.close()
    for (const author of this.authors) author.destroy()
  }

  async #writeAll(author: TraceAuthor, link: AuthorLink): Promise<void> {
    const { environment, onWritten, offlineBudget = 200 } = this.#options
    await this.#waitForLink(link)
    let offline = 0
    for (let turn = 0; !author.isDone && !this.#isClosed; turn++) {
      if (turn % transactionsPerTurn === 0) {
        await new Promise<void>((resolve) => environment.defer(resolve))
      }
      if (author.missing !== undefined) {
        await this.#waitFor(author, () => author.missing === undefined)
      }
      offline = link.isOnline ? 0 : offline + 1
      if (offline > offlineBudget) await this.#waitForLink(link)
      author.write()
      this.#written++
      onWritten?.(this.#written)
    }
  }

  #waitFor(author: TraceAuthor, condition: () => boolean): Promise<void> {
    return this.#wait(condition, (check) => {
      author.doc.on('update', check)
      return () => author.doc.off('update', check)
    })
  }

  #waitForLink(link: AuthorLink): Promise<void> {
    return this.#wait(
      () => link.isOnline,
      (check) => link.onChange(check),
    )
  }

  #wait(condition: () => boolean, subscribe: (check: () => void) => () => void): Promise<void> {
    const { environment, deadlineMs = 60_000 } = this.#options
    return waitUntil(condition, subscribe, {
      environment,
      deadlineMs,
      describe: () => this.waiting,
    })
  }

  #link(index: number): AuthorLink {
    const link = this.#links[index]
    if (link === undefined) throw new RangeError(`author ${index} has no link`)
    return link
  }
}
