/** @throws Error naming `where`, the sizes and the first place that differs */
export function expectText(where: string, actual: string, expected: string): void {
  if (actual !== expected) throw new Error(describeDifference(where, actual, expected))
}

/** One line on two texts that should be equal; sizes and places in UTF-16 units. */
export function describeDifference(where: string, actual: string, expected: string): string {
  let at = 0
  while (at < actual.length && actual[at] === expected[at]) at++
  const excerpt = (text: string): string => JSON.stringify(text.slice(at, at + 40))
  return (
    `${where}: ${actual.length} UTF-16 units, expected ${expected.length}; ` +
    `first difference at ${at}: ${excerpt(actual)}, expected ${excerpt(expected)}`
  )
}
