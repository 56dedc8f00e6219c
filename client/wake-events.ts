import { type EventSourceLike, type WebGlobals, webGlobals } from './web-globals.js'

export interface WakeOwner {
  /** The network is back, or the page is seen again: now is a good time. */
  onWake(): void
  /** The system says that it has no network. */
  onOffline(): void
}

/** Whether the system says that it has a network; true where it says nothing. */
export function isOnline(globals: WebGlobals = webGlobals): boolean {
  return globals.navigator?.onLine ?? true
}

/** Follows the events of a page that say it woke up. @returns stops following */
export function followWakeEvents(owner: WakeOwner, globals: WebGlobals = webGlobals): () => void {
  const wake = (): void => owner.onWake()
  const see = (): void => {
    if (globals.document?.visibilityState === 'visible') owner.onWake()
  }
  const offline = (): void => owner.onOffline()
  const stops = [
    listen(globals.document, 'visibilitychange', see),
    listenToWindow('pageshow', wake, globals),
    listenToWindow('online', wake, globals),
    listenToWindow('offline', offline, globals),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Follows an event of the window, where there is one. @returns stops following */
export function listenToWindow(
  type: string,
  listener: () => void,
  globals: WebGlobals,
): () => void {
  return listen(windowOf(globals), type, listener)
}

function listen(
  source: EventSourceLike | undefined,
  type: string,
  listener: () => void,
): () => void {
  source?.addEventListener(type, listener)
  return () => source?.removeEventListener(type, listener)
}

/** The window or worker; Node has neither. */
function windowOf(globals: WebGlobals): EventSourceLike | undefined {
  const { addEventListener, removeEventListener } = globals
  if (addEventListener === undefined || removeEventListener === undefined) return undefined
  return {
    addEventListener: (type, listener) => addEventListener.call(globals, type, listener),
    removeEventListener: (type, listener) => removeEventListener.call(globals, type, listener),
  }
}
