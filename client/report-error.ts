import { webGlobals } from './web-globals.js'

/** Hands an error that nobody takes to wherever this runs, as an uncaught one, and goes on. */
export function reportError(error: unknown): void {
  if (webGlobals.reportError !== undefined) webGlobals.reportError(error)
  // biome-ignore lint/suspicious/noConsole: Node has nowhere else for what must not be lost.
  else console.error(error)
}
