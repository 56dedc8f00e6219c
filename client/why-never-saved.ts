import { ProviderError } from './provider-error.js'
import type { Session } from './session.js'
import type { UnsavedChanges } from './unsaved-changes.js'

/** What stands against it that everything is saved some day; undefined where nothing does. */
export function whyNeverSaved(
  closedFor: ProviderError | undefined,
  unsaved: UnsavedChanges,
  session: Session | undefined,
): ProviderError | undefined {
  if (closedFor !== undefined) return closedFor
  if (unsaved.rejection !== undefined) return unsaved.rejection
  if (!session?.isSynced) return undefined
  if (session.hello === undefined) {
    return new ProviderError('NOT_ACKNOWLEDGED', 'this server does not say what it has stored')
  }
  if (!session.isReadOnly || unsaved.isSaved || unsaved.count > 0) return undefined
  const message = 'the Y.Doc may hold what a writer left, and who may only read cannot send it'
  return new ProviderError('FORBIDDEN', message)
}
