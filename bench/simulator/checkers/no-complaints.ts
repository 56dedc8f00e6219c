import type { Checker } from '../checker.js'

/** Nothing is thrown past its owner, logged as an internal error, or printed by Yjs. */
export class NoComplaints implements Checker {
  readonly invariant = 'no-complaints'

  complained(what: string): string {
    return what
  }
}
