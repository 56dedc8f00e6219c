import type { Mutant } from './mutant.js'

export const mutants: readonly Mutant[] = []

/** @throws TypeError where there is none of that name */
export function findMutant(name: string): Mutant {
  const found = mutants.find((mutant) => mutant.name === name)
  if (found === undefined) throw new TypeError(`there is no mutant ${JSON.stringify(name)}`)
  return found
}
