/**
 * TypeScript source of the same length and lines in which comments and the contents of strings,
 * templates and regular expressions are blanks, so that what is left is code. Written for formatted
 * code: whether a slash divides is told from the character before it.
 */
export function maskSource(source: string): string {
  const masked = [...Array(source.length).keys()].map((index) => source.charAt(index))
  const blank = (from: number, to: number) => {
    for (let index = from; index < to; index++) if (masked[index] !== '\n') masked[index] = ' '
  }
  /** How many braces are open inside each `${` that is open. */
  const templateDepths: number[] = []
  let index = 0
  while (index < source.length) {
    const start = index
    const two = source.slice(index, index + 2)
    const one = source.charAt(index)
    const depth = templateDepths.at(-1)
    if (two === '//') {
      index = endOf(source, '\n', index)
      blank(start, index)
    } else if (two === '/*') {
      index = endOf(source, '*/', index + 2) + 2
      blank(start, index)
    } else if (one === "'" || one === '"') {
      index = skipQuoted(source, index + 1, one)
      blank(start + 1, index - 1)
    } else if (one === '/' && isRegExpStart(masked, index)) {
      index = skipRegExp(source, index + 1)
      blank(start + 1, index - 1)
    } else if (one === '`' || (one === '}' && depth === 0)) {
      if (one === '}') templateDepths.pop()
      const end = skipTemplate(source, index + 1)
      if (end.isHole) templateDepths.push(0)
      index = end.index
      blank(start + 1, index - (end.isHole ? 2 : 1))
    } else {
      if (depth !== undefined && one === '{') templateDepths[templateDepths.length - 1] = depth + 1
      if (depth !== undefined && one === '}') templateDepths[templateDepths.length - 1] = depth - 1
      index += 1
    }
  }
  return masked.join('')
}

function endOf(source: string, ending: string, from: number): number {
  const found = source.indexOf(ending, from)
  return found === -1 ? source.length : found
}

function skipQuoted(source: string, from: number, quote: string): number {
  let index = from
  while (index < source.length && source.charAt(index) !== quote) {
    index += source.charAt(index) === '\\' ? 2 : 1
  }
  return index + 1
}

function skipRegExp(source: string, from: number): number {
  let index = from
  let isInClass = false
  while (index < source.length) {
    const character = source.charAt(index)
    if (character === '/' && !isInClass) return index + 1
    if (character === '[') isInClass = true
    if (character === ']') isInClass = false
    index += character === '\\' ? 2 : 1
  }
  return index
}

/** To after the closing backtick, or to after the `${` of the next hole. */
function skipTemplate(source: string, from: number): { index: number; isHole: boolean } {
  let index = from
  while (index < source.length) {
    if (source.startsWith('${', index)) return { index: index + 2, isHole: true }
    if (source.charAt(index) === '`') return { index: index + 1, isHole: false }
    index += source.charAt(index) === '\\' ? 2 : 1
  }
  return { index, isHole: false }
}

function isRegExpStart(masked: readonly string[], slash: number): boolean {
  const before = masked
    .slice(Math.max(0, slash - 40), slash)
    .join('')
    .trimEnd()
  return before === '' || /[(,=:[!&|?{};+]$|=>$|\b(?:return|typeof|case)$/.test(before)
}
