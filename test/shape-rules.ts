import type { SourceFile } from './source-tree.js'

const maxFileLines = 400
const maxFunctionLines = 70
/** The formatter breaks code at 100; comments and strings, which it cannot, may be a little longer. */
const maxColumns = 110
const vagueName = /^types$|(^|-)(utils?|helpers?|manager|common|misc)$/

/** One sentence for each file, line or function that is larger or vaguer than agreed. */
export function checkShapes(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const lineCount = file.lines.at(-1) === '' ? file.lines.length - 1 : file.lines.length
    const problems = [...checkName(file), ...checkColumns(file), ...checkFunctions(file)]
    if (lineCount > maxFileLines) {
      problems.push(`${file.path} has ${lineCount} lines, at most ${maxFileLines} are agreed`)
    }
    return problems
  })
}

function checkName({ path }: SourceFile): string[] {
  const name = path.split('/').at(-1) ?? ''
  const problems = vagueName.test(name.split('.')[0] ?? '')
    ? [`${path} is named for nothing in particular`]
    : []
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench))?\.ts$/.test(name)) {
    problems.push(`${path} is not named in kebab-case`)
  }
  return problems
}

function checkColumns(file: SourceFile): string[] {
  return file.lines.flatMap((line, index) =>
    line.length > maxColumns
      ? [`${file.path}:${index + 1} has ${line.length} columns, at most ${maxColumns} are agreed`]
      : [],
  )
}

/**
 * Functions are found by the indentation that the formatter gives: a line that opens one, and the
 * next line of the same indentation that begins with its closing brace. The callback of `describe`
 * is a list of tests and not counted.
 */
function checkFunctions(file: SourceFile): string[] {
  return file.code.flatMap((line, index) => {
    if (!line.endsWith('{')) return []
    const opener = findOpener(file.code, index)
    if (!isFunctionHead(file.code.slice(opener, index + 1))) return []
    const length = findClose(file.code, index) - opener + 1
    if (length <= maxFunctionLines) return []
    return [
      `${file.path}:${opener + 1} has a function of ${length} lines, ` +
        `at most ${maxFunctionLines} are agreed`,
    ]
  })
}

/** The line where the statement begins whose brace is at the end of `line`. */
function findOpener(code: readonly string[], line: number): number {
  if (!/^\s*[)>\]}]/.test(code[line] ?? '')) return line
  const indentation = indentationOf(code[line])
  for (let index = line - 1; index >= 0; index--) {
    const candidate = code[index] ?? ''
    if (candidate.trim() !== '' && indentationOf(candidate) <= indentation) return index
  }
  return line
}

function findClose(code: readonly string[], line: number): number {
  const indentation = indentationOf(code[line])
  for (let index = line + 1; index < code.length; index++) {
    const candidate = code[index] ?? ''
    if (indentationOf(candidate) === indentation && /^\s*}/.test(candidate)) return index
  }
  return line
}

function isFunctionHead(lines: readonly string[]): boolean {
  const head = lines.join(' ').trim()
  if (/^(export )?(describe|suite)\b/.test(head)) return false
  if (/=>\s*{$/.test(head) || /\bfunction\b[^=]*{$/.test(head)) return true
  if (/^}?\s*(if|else|for|while|switch|catch|do|try|return|throw|with)\b/.test(head)) return false
  const modifiers = /^((public|private|protected|static|override|async|get|set|readonly)\s+)*/
  return /^[*#]?[\w$]*(\[[^\]]*\])?(<.*>)?\(.*\)\s*(:.*)?{$/.test(head.replace(modifiers, ''))
}

function indentationOf(line = ''): number {
  return line.length - line.trimStart().length
}
