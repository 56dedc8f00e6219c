/**
 * Runs what may call into the application: its listeners on the Y.Doc and on the awareness. What one
 * of them throws is told and ends nothing here; it must not come through the event of a socket.
 */
export function guarded(owner: { onError(error: unknown): void }, action: () => void): void {
  try {
    action()
  } catch (error) {
    owner.onError(error)
  }
}
