/**
 * Something stored that cannot be what was written. Whoever reads it knows what it belongs to, and
 * makes a `CairnError` of it that says so (`readError`).
 */
export class DamagedValue extends Error {
  override readonly name = 'DamagedValue'
  /** Stable: becomes the `rule` of the error. */
  readonly rule: string

  constructor(message: string, rule: string) {
    super(message)
    this.rule = rule
  }
}
