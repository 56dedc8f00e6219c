import { type Awareness, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness'

/** That this client is gone, for whoever does not see it leave. */
export function encodeGone(awareness: Awareness): Uint8Array {
  return encodeAwarenessUpdate(awareness, [awareness.clientID], new Map())
}

/** Raises the clock: who kept the one of before would take the same clock for old news. */
export function renewOwn(awareness: Awareness): void {
  const state = awareness.getLocalState()
  if (state !== null) awareness.setLocalState(state)
}

/** Nothing is known of the others any more. */
export function removeOthers(awareness: Awareness, origin: unknown): void {
  const others = [...awareness.getStates().keys()].filter((id) => id !== awareness.clientID)
  removeAwarenessStates(awareness, others, origin)
}
