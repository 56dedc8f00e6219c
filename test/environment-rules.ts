import type { SourceFile } from './source-tree.js'

interface Forbidden {
  readonly pattern: RegExp
  readonly instead: string
}

/** Time and chance come from an Environment, so that everything can run under a virtual clock. */
const forbidden: readonly Forbidden[] = [
  // A date that is made of a number says nothing of the present.
  { pattern: /\bDate\.now\b|\bDate\(\)|\bnew Date\b(?!\([^)])/, instead: 'wallClock()' },
  {
    pattern: /(?<!\.)\b(setTimeout|setInterval)\b|\bglobalThis\.set(Timeout|Interval)\b/,
    instead: 'setTimer()',
  },
  { pattern: /(?<!\.)\bsetImmediate\b|\bglobalThis\.setImmediate\b/, instead: 'defer()' },
  { pattern: /\bMath\.random\b/, instead: 'random()' },
  { pattern: /(?<!\.)\bperformance\b|\bhrtime\b|\bglobalThis\.performance\b/, instead: 'now()' },
]

const forbiddenModules = /^(node:)?(timers|timers\/promises|perf_hooks)$/

/** One sentence for each use of the real clock, a real timer or real chance outside runtime/. */
export function checkEnvironmentUse(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => file.folder !== 'runtime')
    .flatMap((file) => [
      ...file.code.flatMap((line, index) =>
        forbidden
          .filter(({ pattern }) => pattern.test(line))
          .map(({ instead }) => `${file.path}:${index + 1} uses a global; take ${instead}`),
      ),
      ...file.imports
        .filter(({ specifier }) => forbiddenModules.test(specifier))
        .map(({ line, specifier }) => `${file.path}:${line} imports ${specifier}`),
    ])
}
