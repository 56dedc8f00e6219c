/**
 * Characters that a terminal obeys instead of showing: C0 and C1 controls, DEL, line and paragraph
 * separators, and the invisible marks that change the direction of text.
 */
const control = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/** `text` as it can be shown on a terminal, with `\u{1b}` in place of an escape character. */
export function escapeControls(text: string): string {
  return text.replace(control, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`
  })
}

/** JSON that is as safe on a terminal and parses to exactly `value`. `indent` 0 gives one line. */
export function stringifyForTerminal(value: unknown, indent = 2): string {
  const json = JSON.stringify(value, undefined, indent)
  return json
    .split('\n')
    .map((line) => line.replace(control, escapeAsJson))
    .join('\n')
}

function escapeAsJson(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
