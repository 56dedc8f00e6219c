/** Those who wait for everything to be saved. */
export class SavedWaiters {
  #waiters: { resolve(): void; reject(error: Error): void }[] = []

  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  saved(): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }

  /** It will not come to that. */
  fail(error: Error): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }
}
