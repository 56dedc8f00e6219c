/** @throws TypeError unless `value` is a number of at least 0 */
export function requireNumber(name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new TypeError(`option ${name} must be a number >= 0, got ${String(value)}`)
}

/**
 * The defaults with what was given over them, frozen.
 * @throws TypeError for a name that has no default, and for what is no number of at least 0
 */
export function withDefaults<Options extends object>(
  group: string,
  defaults: Options,
  given: Partial<Options> = {},
): Options {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in defaults)) throw new TypeError(`option ${group}.${name} is not known`)
    requireNumber(`${group}.${name}`, value)
  }
  return Object.freeze({ ...defaults, ...given })
}
