import { CairnError } from '../protocol/errors.js'
import { epochLength } from './catalogue-entry.js'
import type { ExportedDocument } from './document-store.js'

/** Sequences have six bytes; half of them stay for what is written after an import. */
const headLimit = 2 ** 47

/**
 * Looks whether a document that is to be imported is a whole one, and returns its head.
 * @throws DOCUMENT_DAMAGED with the rule `import`
 */
export function checkWhole(document: ExportedDocument): number {
  const { name, epoch, createdAt, snapshot, records } = document
  const refuse = (what: string) =>
    new CairnError('DOCUMENT_DAMAGED', `document "${name}" cannot be imported: ${what}`, {
      rule: 'import',
    })
  if (epoch.length !== epochLength) throw refuse(`its epoch has ${epoch.length} bytes, not 16`)
  if (!isTime(createdAt)) throw refuse(`${createdAt} is no time`)
  let head = snapshot?.through ?? 0
  if (snapshot !== undefined && !(Number.isSafeInteger(head) && head > 0)) {
    throw refuse(`its snapshot stands for the log through ${head}`)
  }
  for (const { sequence, time } of records) {
    if (sequence !== head + 1) throw refuse(`record ${sequence} follows ${head}`)
    if (!isTime(time)) throw refuse(`${time} is no time for record ${sequence}`)
    head = sequence
  }
  if (head >= headLimit) throw refuse(`its log ends at ${head}, and 2^47 is too far`)
  if (head === 0) throw refuse('it has neither a snapshot nor a record')
  return head
}

/** Whole milliseconds that six bytes hold. */
function isTime(time: number): boolean {
  return Number.isInteger(time) && time >= 0 && time < 2 ** 48
}
