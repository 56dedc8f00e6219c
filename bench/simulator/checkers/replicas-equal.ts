import type { Checker, ClientState } from '../checker.js'
import { describeDifference } from '../document-difference.js'

/** Once everything is healed, all replicas of a document are equal, those that join then too. */
export class ReplicasEqual implements Checker {
  readonly invariant = 'replicas-equal'

  rested(clients: readonly ClientState[], fresh: readonly ClientState[]): string | undefined {
    for (const reference of fresh) {
      for (const client of clients) {
        if (client.documentName !== reference.documentName) continue
        const mayTidy = client.tidiesAlone ?? false
        const difference = describeDifference(client.doc, reference.doc, { mayTidy })
        if (difference === undefined) continue
        return `document ${client.documentName}, ${client.name} and ${reference.name}: ${difference}`
      }
    }
    return undefined
  }
}
