import type { SourceFile } from './source-tree.js'

/** Globals that Node has and browsers lack. */
const nodeGlobal = /(?<![.\w#])(Buffer|process|__dirname|global)\b(?!\s*[:(?])/

/**
 * One sentence for each use of Node alone in a folder that must run in browsers and workers, and in
 * whatever it imports.
 */
export function checkBrowserSafety(files: readonly SourceFile[], folder: string): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const reached = new Set<SourceFile>()
  const visit = (file: SourceFile | undefined): void => {
    if (file === undefined || reached.has(file)) return
    reached.add(file)
    for (const { target } of file.imports) if (target !== undefined) visit(byPath.get(target))
  }
  for (const file of files) if (file.folder === folder && !file.isTest) visit(file)
  return [...reached].flatMap((file) => [
    ...file.imports
      .filter(({ specifier }) => specifier.startsWith('node:'))
      .map(({ line, specifier }) => `${file.path}:${line} imports ${specifier}`),
    ...file.code.flatMap((line, index) =>
      nodeGlobal.test(line) ? [`${file.path}:${index + 1} uses a global of Node`] : [],
    ),
  ])
}
