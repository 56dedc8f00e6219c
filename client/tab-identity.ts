import type { Environment } from '../runtime/environment.js'
import { encodeBase64Url } from './base64.js'
import { type WebGlobals, webGlobals } from './web-globals.js'

const storageKey = 'cairn.tab'

/** A random name of this browser tab that outlives a reload; another each time where nothing can. */
export function tabIdentity(environment: Environment, globals: WebGlobals = webGlobals): string {
  try {
    const kept = globals.sessionStorage?.getItem(storageKey)
    if (kept !== undefined && kept !== null && kept.length > 0 && kept.length <= 64) return kept
  } catch {
    // A page may be forbidden to store anything; it is then a new tab after each reload.
  }
  const made = encodeBase64Url(environment.randomBytes(12))
  try {
    globals.sessionStorage?.setItem(storageKey, made)
  } catch {
    // As above.
  }
  return made
}
