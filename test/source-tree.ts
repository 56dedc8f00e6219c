import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { maskSource } from './mask-source.js'

/** A source of the project as the rules see it. */
export interface SourceFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string
  readonly folder: string
  readonly isTest: boolean
  readonly lines: readonly string[]
  /** The source without comments and without the contents of strings, line by line. */
  readonly code: readonly string[]
  readonly imports: readonly SourceImport[]
}

export interface SourceImport {
  readonly line: number
  /** A worker's own program, which starts with an empty set of modules. */
  readonly isWorker: boolean
  readonly specifier: string
  /** The file of the project that is meant; undefined for packages and Node's own modules. */
  readonly target: string | undefined
}

export function parseSource(file: string, text: string): SourceFile {
  const masked = maskSource(text)
  return {
    path: file,
    folder: file.split('/')[0] ?? '',
    isTest: file.startsWith('test/') || /\.(test|bench)\.ts$/.test(file),
    lines: text.split('\n'),
    code: masked.split('\n'),
    imports: findImports(file, text, masked),
  }
}

/**
 * `… from 'x'`, `import 'x'`, `import('x')` and `new URL('./x.js', import.meta.url)`, but not
 * `fileURLToPath(new URL(…))`: that is the path of a program to start.
 */
const importPattern =
  /(?:\bfrom\s*|\bimport\s*\(?\s*|(?<!fileURLToPath\(\s*)\bnew URL\(\s*)(['"])([^\n]*?)\1/g

function findImports(file: string, text: string, masked: string): SourceImport[] {
  return [...masked.matchAll(importPattern)].flatMap((match): SourceImport[] => {
    const [whole, , blanks = ''] = match
    const end = match.index + whole.length - 1
    const specifier = text.slice(end - blanks.length, end)
    const isWorker = whole.startsWith('new URL')
    // Other files are named in this way too, and so are addresses on the network.
    if (isWorker && !/^\..*\.js$/.test(specifier)) return []
    const line = text.slice(0, match.index).split('\n').length
    return [{ line, specifier, isWorker, target: resolveImport(file, specifier) }]
  })
}

function resolveImport(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const target = path.posix.join(path.posix.dirname(file), specifier)
  return target.replace(/\.js$/, '.ts')
}

/** Every TypeScript source below the given folders of the project. */
export function readSources(root: string, folders: readonly string[]): readonly SourceFile[] {
  return folders
    .flatMap((folder) => listSources(root, folder))
    .map((file) => parseSource(file, readFileSync(path.join(root, file), 'utf8')))
}

function listSources(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const relative = `${folder}/${entry.name}`
    if (entry.isDirectory()) return listSources(root, relative)
    return entry.name.endsWith('.ts') ? [relative] : []
  })
}
