import type { EditSchedule } from './edit-schedule.js'
import type { LoadClient } from './load-client.js'

export interface Author {
  readonly client: LoadClient
  /** Among all editors of the load. */
  readonly number: number
}

/** Editors that take turns, as their schedule has it. */
export class Turns {
  readonly #authors: readonly Author[]
  readonly #schedule: EditSchedule
  #author = 0
  #edit = 0

  constructor(authors: readonly Author[], schedule: EditSchedule) {
    this.#authors = authors
    this.#schedule = schedule
  }

  /** Calls `act` for every turn that is due by `at`. */
  take(at: number, act: (client: LoadClient, due: number) => void): void {
    while (this.#edit < this.#schedule.editsEach) {
      const author = this.#authors[this.#author]
      if (author === undefined) return
      const due = this.#schedule.dueAt(author.number, this.#edit)
      if (due > at) return
      act(author.client, due)
      this.#author = (this.#author + 1) % this.#authors.length
      if (this.#author === 0) this.#edit++
    }
  }
}
