import { DeliveryReader } from './delivery-reader.js'
import { createEditScript, type EditScript } from './edit-script.js'
import { type ClientPlan, clientIDsOf, documentName, type LoadPlan } from './load-plan.js'

/** A document with everything that its editors will write. */
export interface LoadDocument {
  readonly name: string
  readonly scripts: readonly EditScript[]
  readonly reader: DeliveryReader
}

/** The documents that some clients need, by number. */
export function createDocuments(
  plan: LoadPlan,
  clients: readonly ClientPlan[],
  editsEach: number,
): ReadonlyMap<number, LoadDocument> {
  const clientIDs = clientIDsOf(plan)
  const documents = new Map<number, LoadDocument>()
  for (const { document } of clients) {
    if (documents.has(document)) continue
    const first = document * plan.editors
    const scripts = clientIDs.slice(first, first + plan.editors).map((clientID, editor) => {
      const seed = plan.seed + first + editor
      return createEditScript({ ...plan, clientID, edits: editsEach, seed })
    })
    const name = documentName(plan, document)
    documents.set(document, { name, scripts, reader: new DeliveryReader(scripts) })
  }
  return documents
}
