import type { SourceFile, SourceImport } from './source-tree.js'

interface FolderRule {
  /** Folders that this one may import from, besides itself. */
  readonly folders: readonly string[]
  /** Packages that its shipped code may import. Its tests may import any that is installed. */
  readonly packages: readonly string[]
}

const core = ['runtime', 'protocol', 'persistence', 'server', 'client', 'bench']
const documentPackages = ['lib0', 'yjs']
const shippedPackages = [
  ...documentPackages,
  'classic-level',
  'commander',
  'ws',
  'y-protocols',
  'y-websocket',
]

/** Who may import whom; docs/ARCHITECTURE.md says why. A folder that is not listed is a mistake. */
export const folderRules: Readonly<Record<string, FolderRule>> = {
  runtime: { folders: [], packages: [] },
  protocol: { folders: ['runtime'], packages: ['lib0'] },
  persistence: {
    folders: ['runtime', 'protocol'],
    packages: [...documentPackages, 'classic-level'],
  },
  server: {
    folders: ['runtime', 'protocol', 'persistence'],
    packages: [...documentPackages, 'ws'],
  },
  client: {
    folders: ['runtime', 'protocol'],
    packages: [...documentPackages, 'y-indexeddb', 'y-protocols'],
  },
  bench: { folders: core, packages: [...shippedPackages, 'hdr-histogram-js', 'uplot', 'vite'] },
  cli: { folders: core, packages: shippedPackages },
  demo: { folders: ['client'], packages: documentPackages },
  test: { folders: [...core, 'cli', 'demo'], packages: [] },
}

/** One sentence for each import that the rules forbid. */
export function checkImports(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path))
  return files.flatMap((file) => [
    ...file.imports.flatMap((imported) => {
      const problem = checkImport(file, imported, paths)
      return problem === undefined ? [] : [`${file.path}:${imported.line} ${problem}`]
    }),
    ...checkExports(file),
  ])
}

function checkImport(
  file: SourceFile,
  { specifier, target }: SourceImport,
  paths: ReadonlySet<string>,
): string | undefined {
  const rule = folderRules[file.folder]
  if (rule === undefined) return `is in a folder without a rule: ${file.folder}`
  if (target === undefined) return checkPackage(file, specifier, rule)
  const folder = target.split('/')[0] ?? ''
  if (!paths.has(target)) return `imports ${specifier}, which is no source of the project`
  if (folder === file.folder) {
    const isOwnIndex = target === `${folder}/index.ts`
    return isOwnIndex ? 'imports the index of its own folder' : undefined
  }
  // What tests have in common stands in test/, also for the tests beside the sources.
  const isAllowed = rule.folders.includes(folder) || (file.isTest && folder === 'test')
  return isAllowed ? undefined : `may not import from ${folder}/`
}

function checkPackage(file: SourceFile, specifier: string, rule: FolderRule): string | undefined {
  if (specifier.startsWith('node:') || file.isTest) return undefined
  const parts = specifier.split('/')
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  return rule.packages.includes(name) ? undefined : `may not import the package ${name}`
}

function checkExports(file: SourceFile): string[] {
  return file.code.flatMap((line, index) => {
    const where = `${file.path}:${index + 1}`
    if (/^\s*export\s+\*/.test(line)) return [`${where} exports everything of another file`]
    if (/^\s*export\s+default\b|\bas default\b/.test(line)) return [`${where} has a default export`]
    return []
  })
}

/** Each cycle once, as the files on it. Imports of types count, programs of workers do not. */
export function findCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map((file) => [
      file.path,
      file.imports.flatMap(({ target, isWorker }) => (isWorker ? [] : (target ?? []))),
    ]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file)
    if (start !== -1) {
      cycles.push([...trail.slice(start), file].join(' -> '))
      return
    }
    if (done.has(file)) return
    for (const target of targets.get(file) ?? []) visit(target, [...trail, file])
    done.add(file)
  }
  for (const file of targets.keys()) visit(file, [])
  return cycles
}
