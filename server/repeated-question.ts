/** Whether a question is worth asking: the same one is not asked again for a while. */
export class RepeatedQuestion {
  readonly #againMs: number
  #last: { readonly question: string; readonly at: number } | undefined

  constructor(againMs: number) {
    this.#againMs = againMs
  }

  /** True if `question` should be asked at `now`, which then counts as asked. */
  shouldAsk(question: string, now: number): boolean {
    const last = this.#last
    if (last?.question === question && now - last.at < this.#againMs) return false
    this.#last = { question, at: now }
    return true
  }
}
