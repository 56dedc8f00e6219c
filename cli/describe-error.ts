import { CairnError, type ErrorCode } from '../protocol/errors.js'
import { CommandFailure } from './command-failure.js'

/** What to do about an error of the core, where its own message cannot know about commands. */
const advice: Partial<Record<ErrorCode, string>> = {
  STORE_LOCKED:
    'Stop the server (or the other `cairn documents` command) that uses this directory, ' +
    'then run the command again.',
  STORE_DAMAGED:
    'Copy the directory before anything else. `cairn documents verify --accept-loss` opens what ' +
    'is left and says what is missing.',
  DOCUMENT_DAMAGED:
    'Every other document is served as before. `cairn documents verify NAME` says what is ' +
    'damaged; `cairn documents export NAME --salvage` gives what stands before the damage.',
  DOCUMENT_EXISTS:
    'Nothing was changed. Import under another name, or delete the document first ' +
    '(`cairn documents delete NAME --yes`).',
}

const systemErrors: Record<string, string> = {
  EACCES: 'this user may not do that: check the owner and the mode, or choose another place',
  EPERM: 'this user may not do that: check the owner and the mode, or choose another place',
  EISDIR: 'it is a directory, and a file is needed',
  ENOENT: 'there is no such file or directory: check the path',
  ENOSPC: 'the disk is full: free some space and run the command again',
  ENOTDIR: 'a part of the path is a file: check the path',
  EROFS: 'the file system is read-only: choose another place',
}

/** One paragraph for the person at the terminal: what happened, and what to do next. */
export function describeError(error: unknown): string {
  if (error instanceof CommandFailure) return error.message
  if (error instanceof CairnError && error.code !== 'INTERNAL') {
    const next = advice[error.code]
    return next === undefined ? error.message : `${endSentence(error.message)} ${next}`
  }
  const known = describeSystemError(error)
  if (known !== undefined) return known
  const message = error instanceof Error ? error.message : String(error)
  return `${endSentence(message)} This was not foreseen: --debug shows where it happened.`
}

function describeSystemError(error: unknown): string | undefined {
  const code = systemErrorCode(error)
  const meaning = code === undefined ? undefined : systemErrors[code]
  if (meaning === undefined) return undefined
  const path = error instanceof Error && 'path' in error ? `${String(error.path)}: ` : ''
  return `${path}${meaning} (${code}).`
}

/** The `code` of an error that the operating system gave; undefined for every other. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function endSentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`
}
