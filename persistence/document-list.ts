import { type CatalogueEntry, decodeCatalogueEntry } from './catalogue-entry.js'
import { compareNames } from './document-name.js'
import type { DocumentSummary, ListOptions } from './document-store.js'
import { mixGeneration } from './epoch-generation.js'
import { readError } from './level-errors.js'
import { asBuffer, documentIdLength, listRange } from './level-keys.js'
import type { LevelReader } from './level-port.js'
import { unseal } from './sealed-value.js'

const defaultLimit = 1000

/**
 * The documents that the catalogue or a guard names, so that one whose entry is damaged is listed
 * too (with an epoch of zeros and the time 0) and whoever opens or verifies it hears of the damage.
 * @throws STORE_DAMAGED where LevelDB cannot read the names at all
 */
export async function listFromLevel(
  reader: LevelReader,
  options: ListOptions,
  generation: number,
): Promise<readonly DocumentSummary[]> {
  const { prefix = '', after, limit = defaultLimit } = options
  if (limit === 0) return []
  const summaries = new Map<string, DocumentSummary>()
  try {
    for await (const page of reader.scan(listRange('catalogue', prefix, after), { limit })) {
      for (const [key, value] of page) {
        const { epoch, createdAt } = readEntry(key, value)
        const name = nameOf(key)
        summaries.set(name, { name, epoch: mixGeneration(epoch, generation), createdAt })
      }
    }
    const entryCount = summaries.size
    for await (const page of reader.scanKeys(listRange('guard', prefix, after), { limit })) {
      for (const name of page.map(nameOf)) {
        if (!summaries.has(name)) summaries.set(name, { name, ...unreadable })
      }
    }
    if (summaries.size === entryCount) return [...summaries.values()]
  } catch (error) {
    throw readError('STORE_DAMAGED', 'the catalogue of the store', error)
  }
  return [...summaries.values()].sort((a, b) => compareNames(a.name, b.name)).slice(0, limit)
}

const unreadable: Pick<CatalogueEntry, 'epoch' | 'createdAt'> = {
  epoch: new Uint8Array(documentIdLength),
  createdAt: 0,
}

function readEntry(
  key: Uint8Array,
  value: Uint8Array,
): Pick<CatalogueEntry, 'epoch' | 'createdAt'> {
  try {
    return decodeCatalogueEntry(unseal(key, value))
  } catch {
    return unreadable
  }
}

function nameOf(key: Uint8Array): string {
  return asBuffer(key).toString('utf8', 1)
}
