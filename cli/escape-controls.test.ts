import { expect, test } from 'vitest'
import { escapeControls, stringifyForTerminal } from './escape-controls.js'

test('control characters are shown, everything else stands as it is', () => {
  const title = '\u001b]0;owned\u0007'
  expect(escapeControls(`${title}\r\n\u009b1m\u007f`)).toBe(
    '\\u{1b}]0;owned\\u{7}\\u{d}\\u{a}\\u{9b}1m\\u{7f}',
  )
  expect(escapeControls('a\u202eb\u2066c\u2028d')).toBe('a\\u{202e}b\\u{2066}c\\u{2028}d')
  expect(escapeControls('grüße/a b 🎉 __proto__')).toBe('grüße/a b 🎉 __proto__')
})

test('JSON has no control character outside its own line breaks and parses to the same', () => {
  const value = { name: '\u001b[2J\u009b\u202e\u007f\n', list: ['🎉'] }
  const json = stringifyForTerminal(value)
  expect(json.replaceAll('\n', '')).toMatch(/^[^\p{Cc}\u202e]*$/u)
  expect(JSON.parse(json)).toEqual(value)
  expect(stringifyForTerminal(value, 0)).not.toContain('\n')
})
