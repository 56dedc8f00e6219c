import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { checkBrowserSafety } from './browser-rules.js'
import { checkEnvironmentUse } from './environment-rules.js'
import { checkImports, findCycles, folderRules } from './import-rules.js'
import { maskSource } from './mask-source.js'
import { checkShapes } from './shape-rules.js'
import { parseSource, readSources, type SourceFile } from './source-tree.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A small made-up tree: paths and sources. */
function tree(sources: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(sources).map(([path, text]) => parseSource(path, text))
}

describe('the sources of the project', () => {
  const folders = Object.keys(folderRules).filter((folder) => existsSync(`${root}/${folder}`))
  const files = readSources(root, folders)

  test('are all found', () => {
    expect(files.map((file) => file.path)).toContain('runtime/environment.ts')
    expect(files.map((file) => file.path)).toContain('test/structure.test.ts')
    expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(100)
  })

  test('import only in the agreed direction', () => {
    expect(checkImports(files)).toEqual([])
  })

  test('import each other without a cycle', () => {
    expect(findCycles(files)).toEqual([])
  })

  test('take time and chance from an environment', () => {
    expect(checkEnvironmentUse(files)).toEqual([])
  })

  test('keep to the agreed sizes and names', () => {
    expect(checkShapes(files)).toEqual([])
  })

  test('of the client need nothing that only Node has', () => {
    expect(checkBrowserSafety(files, 'client')).toEqual([])
  })
})

describe('the rules for browsers', () => {
  test('refuse what only Node has, also in what is imported, and only there', () => {
    const files = tree({
      'client/a.ts': "import { b } from '../protocol/b.js'\n",
      'client/a.test.ts': "import { join } from 'node:path'\n",
      'protocol/b.ts': "import { crc32 } from 'node:zlib'\nconst c = Buffer.from('')\n",
      'protocol/d.ts': "import 'node:fs'\n",
    })
    expect(checkBrowserSafety(files, 'client')).toEqual([
      'protocol/b.ts:1 imports node:zlib',
      'protocol/b.ts:2 uses a global of Node',
    ])
  })
})

describe('the import rules', () => {
  test('refuse an import against the direction, also of a type, also dynamic', () => {
    const files = tree({
      'protocol/a.ts': "import type { B } from '../server/b.js'\n",
      'server/b.ts': "const a = await import('../cli/c.js')\n",
      'cli/c.ts': "import { a } from '../protocol/a.js'\n",
    })
    expect(checkImports(files)).toEqual([
      'protocol/a.ts:1 may not import from server/',
      'server/b.ts:1 may not import from cli/',
    ])
  })

  test('see imports over several lines, re-exports, bare imports and workers', () => {
    const files = tree({
      'protocol/a.ts': "import {\n  b,\n} from '../server/b.js'\n",
      'protocol/c.ts': "export { b } from '../server/b.js'\n",
      'protocol/d.ts': "import '../server/b.js'\n",
      'protocol/e.ts': "new Worker(new URL('../server/b.js', import.meta.url))\n",
      'server/b.ts': '',
    })
    expect(checkImports(files)).toEqual([
      'protocol/a.ts:3 may not import from server/',
      'protocol/c.ts:1 may not import from server/',
      'protocol/d.ts:1 may not import from server/',
      'protocol/e.ts:1 may not import from server/',
    ])
  })

  test('leave a test what tests have in common, and a program the path of another', () => {
    const files = tree({
      'server/a.ts': "const command = fileURLToPath(new URL('../cli/c.js', import.meta.url))\n",
      'server/a.test.ts': "import { b } from '../test/b.js'\nimport { c } from '../cli/c.js'\n",
      'server/b.ts': "import { b } from '../test/b.js'\n",
      'test/b.ts': '',
      'cli/c.ts': '',
    })
    expect(checkImports(files)).toEqual([
      'server/a.test.ts:2 may not import from cli/',
      'server/b.ts:1 may not import from test/',
    ])
  })

  test('refuse a package outside its folder, but not in tests', () => {
    const files = tree({
      'protocol/a.ts': "import * as Y from 'yjs'\nimport { x } from 'lib0/decoding'\n",
      'protocol/a.test.ts': "import * as Y from 'yjs'\n",
      'server/b.ts': "import { y } from '@scope/name/deep'\nimport fs from 'node:fs'\n",
    })
    expect(checkImports(files)).toEqual([
      'protocol/a.ts:1 may not import the package yjs',
      'server/b.ts:1 may not import the package @scope/name',
    ])
  })

  test('refuse the index of the own folder, and files that are not there', () => {
    const files = tree({
      'server/a.ts': "import { b } from './index.js'\nimport { c } from './gone.js'\n",
      'server/index.ts': '',
    })
    expect(checkImports(files)).toEqual([
      'server/a.ts:1 imports the index of its own folder',
      'server/a.ts:2 imports ./gone.js, which is no source of the project',
    ])
  })

  test('refuse a folder that nobody has thought about', () => {
    expect(checkImports(tree({ 'misc/a.ts': "import fs from 'node:fs'\n" }))).toEqual([
      'misc/a.ts:1 is in a folder without a rule: misc',
    ])
  })

  test('refuse export * and default exports', () => {
    const files = tree({
      'server/a.ts': "export * from './b.js'\nexport default 1\nexport { b as default }\n",
      'server/b.ts': '// export * from here\nexport const text = `\nexport default 1\n`\n',
    })
    expect(checkImports(files)).toEqual([
      'server/a.ts:1 exports everything of another file',
      'server/a.ts:2 has a default export',
      'server/a.ts:3 has a default export',
    ])
  })

  test('name the files of a cycle', () => {
    const files = tree({
      'server/a.ts': "import { b } from './b.js'\n",
      'server/b.ts': "import type { c } from './c.js'\n",
      'server/c.ts': "import { b } from './b.js'\n",
    })
    expect(findCycles(files)).toEqual(['server/b.ts -> server/c.ts -> server/b.ts'])
  })

  test('let a worker program import what starts it', () => {
    const files = tree({
      'server/a.ts': "new Worker(new URL('./worker.js', import.meta.url))\n",
      'server/worker.ts': "import type { Job } from './a.js'\n",
    })
    expect(findCycles(files)).toEqual([])
  })
})

describe('the rule on time and chance', () => {
  test.each([
    'const now = Date.now()',
    'const date = new Date()',
    'const text = Date()',
    'setTimeout(run, 10)',
    'const timer = globalThis.setInterval(run, 10)',
    'setImmediate(run)',
    'const chance = Math.random()',
    'const now = performance.now()',
    'const now = process.hrtime.bigint()',
    "import { setTimeout as sleep } from 'node:timers/promises'",
  ])('refuses %s', (line) => {
    expect(checkEnvironmentUse(tree({ 'server/a.ts': line })).length).toBeGreaterThan(0)
    expect(checkEnvironmentUse(tree({ 'runtime/a.ts': line }))).toEqual([])
  })

  test.each([
    'const timer = environment.setTimer(run, 10)',
    '// Date.now() would be wrong here',
    "const text = 'Math.random()'",
    'const text = new Date(time).toISOString()',
    'const pattern = /setTimeout\\(/',
  ])('accepts %s', (line) => {
    expect(checkEnvironmentUse(tree({ 'server/a.ts': line }))).toEqual([])
  })
})

describe('the rules on shape', () => {
  const body = (lines: number) => '  work()\n'.repeat(lines)

  test('refuse a file over 400 lines and a line over 110 columns', () => {
    expect(checkShapes(tree({ 'server/a.ts': 'a\n'.repeat(400) }))).toEqual([])
    expect(
      checkShapes(tree({ 'server/a.ts': `${'a\n'.repeat(400)}${'b'.repeat(111)}\n` })),
    ).toEqual([
      'server/a.ts:401 has 111 columns, at most 110 are agreed',
      'server/a.ts has 401 lines, at most 400 are agreed',
    ])
  })

  test.each([
    ['export function run(): void {'],
    ['const run = async (a: number) => {'],
    ['async run(a: { b: number }): Promise<{ c: number }> {'],
    ['static override get run(): number {'],
    ['#run<T extends object>(a: T): T {'],
    ['[Symbol.asyncDispose](): Promise<void> {'],
    ["test('does a thing', async () => {"],
    ['export function run(\n  a: number,\n): void {'],
    ['constructor(\n  a: number,\n) {'],
  ])('refuse a long function: %s', (head) => {
    const headLines = head.split('\n').length
    const source = (lines: number) => `${head}\n${body(lines - headLines - 1)}}\n`
    expect(checkShapes(tree({ 'server/a.ts': source(70) }))).toEqual([])
    expect(checkShapes(tree({ 'server/a.ts': source(71) }))).toEqual([
      'server/a.ts:1 has a function of 71 lines, at most 70 are agreed',
    ])
  })

  test.each([
    ['class Long {'],
    ['if (\n  a &&\n  b\n) {'],
    ['export const table = {'],
    ["describe('a list of tests', () => {"],
    ['switch (value) {'],
    ['export interface Long {'],
  ])('count only functions: %s', (head) => {
    expect(checkShapes(tree({ 'server/a.ts': `${head}\n${body(90)}}\n` }))).toEqual([])
  })

  test.each(['utils', 'string-helpers', 'types', 'document-manager'])('refuse %s.ts', (name) => {
    expect(checkShapes(tree({ [`server/${name}.ts`]: '' }))).toHaveLength(1)
  })

  test('refuse a name that is not in kebab-case', () => {
    expect(checkShapes(tree({ 'server/OpenDocument.ts': '' }))).toHaveLength(1)
    expect(checkShapes(tree({ 'server/open-document.test.ts': '' }))).toEqual([])
  })
})

describe('the mask', () => {
  test('blanks comments, strings, templates and regular expressions, and keeps the rest', () => {
    const source = [
      "const a = 'it\\'s' // why",
      `const b = \`x \${call({ c: \`y\` })} z\``,
      'const d = a / b / c',
      'const e = /[/"]/.test(f)',
      '/* one',
      'two */ const g = 1',
    ].join('\n')
    expect(maskSource(source).split('\n')).toEqual([
      "const a = '     '       ",
      `const b = \`  \${call({ c: \` \` })}  \``,
      'const d = a / b / c',
      'const e = /    /.test(f)',
      '      ',
      '       const g = 1',
    ])
  })
})
