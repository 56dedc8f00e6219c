import { CairnError } from '../protocol/errors.js'

/**
 * Which principal may write new clocks of which clientID: the one that first did. Bound to the
 * principal and not to the connection, since tabs and reconnects share a replica's work; clocks that
 * are known may be repeated by anybody.
 *
 * It knows what was written since the last snapshot and since the document was opened.
 */
export class ClientOwners {
  readonly #owners = new Map<number, string>()

  /** @throws FORBIDDEN where one of the sections continues another principal's clientID */
  check(sections: readonly number[], principal: string, known: (client: number) => number): void {
    if (principal === '' && this.#owners.size === 0) return
    for (const client of newClients(sections, known)) {
      const owner = this.#owners.get(client)
      if (owner === undefined || owner === principal) continue
      throw new CairnError(
        'FORBIDDEN',
        `clientID ${client} belongs to another principal; only that one may write new clocks of it`,
        { rule: 'ownership' },
      )
    }
  }

  /** New clocks of these clientIDs are the principal's from now on; `check` has agreed. */
  claim(sections: readonly number[], principal: string, known: (client: number) => number): void {
    if (principal === '') return
    for (const client of newClients(sections, known)) this.#owners.set(client, principal)
  }

  /** A record of the log says who wrote these clocks. The first to write a clientID keeps it. */
  recall(sections: readonly number[], principal: string): void {
    if (principal === '') return
    for (let i = 0; i + 2 < sections.length; i += 3) {
      const client = sections[i] ?? 0
      if (!this.#owners.has(client)) this.#owners.set(client, principal)
    }
  }
}

function* newClients(
  sections: readonly number[],
  known: (client: number) => number,
): Generator<number> {
  for (let i = 0; i + 2 < sections.length; i += 3) {
    const client = sections[i] ?? 0
    if ((sections[i + 2] ?? 0) > known(client)) yield client
  }
}
