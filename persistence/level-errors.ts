import { CairnError } from '../protocol/errors.js'
import { DamagedValue } from './damaged-value.js'

/** Turns what LevelDB refuses to open with into an error that says what to do. */
export function openError(directory: string, error: unknown): CairnError {
  if (error instanceof CairnError) return error
  const cause = causeOf(error)
  const message = cause instanceof Error ? cause.message : String(cause)
  if (isLevelLocked(error)) {
    return new CairnError(
      'STORE_LOCKED',
      `another process has the database in ${directory} open: stop it first`,
      { cause: error, rule: 'level-lock' },
    )
  }
  const isDamage =
    codeOf(cause) === 'LEVEL_CORRUPTION' || /does not exist|No such file/.test(message)
  if (!isDamage) {
    return new CairnError('STORE_UNAVAILABLE', `LevelDB cannot open ${directory}: ${message}`, {
      cause: error,
    })
  }
  return new CairnError(
    'STORE_DAMAGED',
    `the database in ${directory} is damaged (${message}): restore it from a backup, or open once` +
      ' with acceptLoss, which copies it, repairs what LevelDB can and says what is gone',
    { cause: error, rule: 'level-open' },
  )
}

/** An error of a read. `subject` says what was read: the document, or the store's directory. */
export function readError(
  code: 'DOCUMENT_DAMAGED' | 'STORE_DAMAGED',
  subject: string,
  error: unknown,
): CairnError {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof CairnError) return error
  if (error instanceof DamagedValue) {
    return new CairnError(code, `${subject}: ${message}`, { cause: error, rule: error.rule })
  }
  const isDamage =
    codeOf(error) === 'LEVEL_CORRUPTION' ||
    (codeOf(error) === 'LEVEL_IO_ERROR' && message.includes('No such file'))
  if (isDamage) {
    return new CairnError(code, `${subject}: LevelDB cannot read it (${message})`, {
      cause: error,
      rule: 'level-read',
    })
  }
  return new CairnError('STORE_UNAVAILABLE', `${subject} cannot be read now: ${message}`, {
    cause: error,
  })
}

/** Whether a process has LevelDB's own lock. */
export function isLevelLocked(error: unknown): boolean {
  return codeOf(causeOf(error)) === 'LEVEL_LOCKED'
}

/** What LevelDB said, which the library wraps in its own error. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
