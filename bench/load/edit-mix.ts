/** What an editor does; the numbers weigh the kinds against each other. */
export interface EditMix {
  /** One character at the cursor, which moves elsewhere now and then. */
  readonly type: number
  /** The character before the cursor goes. */
  readonly delete: number
  /** 100 characters at once. */
  readonly paste: number
  /** 5,000 characters at once. */
  readonly page: number
  /** One of 50 keys of a shared map. */
  readonly map: number
}

/** Mostly typing. */
export const defaultMix: EditMix = { type: 85, delete: 10, paste: 2, page: 0, map: 3 }

const kinds: readonly (keyof EditMix)[] = ['type', 'delete', 'paste', 'page', 'map']

/**
 * Reads `type:85,delete:10`; kinds that are not named do not occur.
 * @throws RangeError saying what was expected
 */
export function parseEditMix(text: string): EditMix {
  const mix: Record<keyof EditMix, number> = { type: 0, delete: 0, paste: 0, page: 0, map: 0 }
  for (const part of text.split(',')) {
    const [name, weight] = part.split(':')
    const kind = kinds.find((known) => known === name)
    if (kind === undefined || weight === undefined || !/^\d{1,6}$/.test(weight)) {
      throw new RangeError(
        `expected kind:weight with the kinds ${kinds.join(', ')}, got ${JSON.stringify(part)}`,
      )
    }
    mix[kind] = Number(weight)
  }
  if (kinds.every((kind) => mix[kind] === 0)) throw new RangeError('expected a weight above 0')
  return mix
}

/** One of the kinds; `chance` is in [0, 1). */
export function pickEdit(mix: EditMix, chance: number): keyof EditMix {
  let left = chance * kinds.reduce((sum, kind) => sum + mix[kind], 0)
  for (const kind of kinds) {
    left -= mix[kind]
    if (left < 0) return kind
  }
  return 'type'
}
