import { isDeepStrictEqual } from 'node:util'
import type { Checker, ClientState } from '../checker.js'

/**
 * After the grace period everybody sees exactly those who are there, as they are now. Nothing is
 * asked once the wall clock of the server was set back: where that and a restart come together,
 * clients may stay unseen, as `PresenceClock` says.
 */
export class PresenceExact implements Checker {
  readonly invariant = 'presence-exact'
  #isExcused = false

  clockSetBack(): void {
    this.#isExcused = true
  }

  rested(clients: readonly ClientState[]): string | undefined {
    if (this.#isExcused) return undefined
    for (const client of clients) {
      if (client.presence === undefined) continue
      const problem = wrongWith(client, clients)
      if (problem !== undefined)
        return `${client.name} of document ${client.documentName} ${problem}`
    }
    return undefined
  }
}

function wrongWith(client: ClientState, all: readonly ClientState[]): string | undefined {
  const seen = new Map(client.presence?.states)
  for (const { name, documentName, presence } of all) {
    if (documentName !== client.documentName || presence === undefined) continue
    const shown = seen.get(presence.clientID)
    seen.delete(presence.clientID)
    if (shown === undefined) return `does not see ${name}`
    const own = presence.states.get(presence.clientID)
    if (!isDeepStrictEqual(withoutUser(shown), withoutUser(own))) {
      return `sees ${name} as ${JSON.stringify(shown)}, who is ${JSON.stringify(own)}`
    }
  }
  const [ghost] = seen.keys()
  return ghost === undefined ? undefined : `sees ${ghost}, who is nobody`
}

/** The server answers for `user` where it knows who somebody is. */
function withoutUser(state: unknown): unknown {
  if (typeof state !== 'object' || state === null) return state
  return { ...state, user: undefined }
}
