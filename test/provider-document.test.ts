import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const text = readFileSync('docs/CLIENT.md', 'utf8')

/** The sources of the tests that show what the client does. */
const tests = [
  ...readdirSync('client').map((name) => `client/${name}`),
  ...readdirSync('test').map((name) => `test/${name}`),
].filter((path) => /^(client\/|test\/provider-).*\.test\.ts$/.test(path))

/** The behaviours that a title of a test names. */
function citedBy(path: string): string[] {
  const titles = readFileSync(path, 'utf8').match(/^\s*(test|describe)\b.*$|^ {2,}'C\d.*$/gm) ?? []
  return titles.join('\n').match(/\bC\d+\b/g) ?? []
}

test('every behaviour of docs/CLIENT.md has a test that names it, and no other is named', () => {
  const stated = [...text.matchAll(/^- \*\*(C\d+)\*\*/gm)].map(([, number]) => number)
  expect(stated).toEqual(Array.from({ length: stated.length }, (_, index) => `C${index + 1}`))
  const cited = new Set(tests.flatMap(citedBy))
  expect([...cited].sort()).toEqual([...stated].sort())
})

test('docs/CLIENT.md has every option, with none that there is not', () => {
  const source = readFileSync('client/provider-options.ts', 'utf8')
  const declared = source.slice(
    source.indexOf('export interface ProviderOptions'),
    source.indexOf('export interface ResolvedProviderOptions'),
  )
  const options = [...declared.matchAll(/(@internal[\s\S]*?)?\n {2}readonly (\w+)\?:/g)]
    .filter(([, internal]) => internal === undefined)
    .map(([, , name]) => name)
  const table = text.slice(text.indexOf('## Options'), text.indexOf('## Properties'))
  const documented = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
  expect(documented).toEqual(options)
})
