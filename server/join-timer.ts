import { CairnError } from '../protocol/errors.js'
import type { Timer } from '../runtime/environment.js'
import type { ResolvedOptions } from './options.js'

/** Closes a connection whose authentication and opening take too long. */
export function startJoinTimer(
  connection: { close(error: CairnError): void },
  { environment, limits: { joinMs } }: ResolvedOptions,
): Timer | undefined {
  if (joinMs === 0) return undefined
  return environment.setTimer(() => {
    connection.close(new CairnError('TIMEOUT', `the document was not open after ${joinMs} ms`))
  }, joinMs)
}
