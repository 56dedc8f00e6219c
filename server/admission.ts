import { DeleteRanges } from '../protocol/delete-ranges.js'
import { CairnError } from '../protocol/errors.js'
import { isComplete, splitUpdate } from '../protocol/split-update.js'
import { trimUpdate } from '../protocol/trim-update.js'
import {
  noScanLimits,
  strangerLimits,
  type UpdateScan,
  UpdateScanner,
} from '../protocol/update-scanner.js'
import type { ClientOwners } from './client-owners.js'
import { type DocumentIndex, outlineOf, type UpdateOutline } from './document-index.js'
import type { MissingClock } from './held-updates.js'
import { exceeds, requireWithin, type ServerLimits } from './limits.js'
import type { PendingUpdates } from './pending-updates.js'
import type { Principal } from './principal.js'

/** What may be appended now, with what the index will need of it. */
export interface AdmissiblePart {
  readonly update: Uint8Array
  readonly outline: UpdateOutline
}

/** The verdict on one update. Neither part: all of it is known and durable. */
export interface Verdict {
  readonly complete: AdmissiblePart | undefined
  readonly rest:
    | { readonly update: Uint8Array; readonly missing: readonly MissingClock[] }
    | undefined
}

/** One for the process: a scan is read before the next one starts. */
const scanner = new UpdateScanner()

/**
 * Steps 2 and 3 of a keystroke: the structure of an update, what it adds, whether its past is known
 * and whether its author may write it. Changes nothing but the owners of new clientIDs.
 *
 * @throws MALFORMED_UPDATE, TOO_LARGE, LIMIT_REACHED, FORBIDDEN
 */
export function admitUpdate(
  update: Uint8Array,
  principal: Principal,
  document: {
    readonly index: DocumentIndex
    readonly pending: PendingUpdates
    readonly owners: ClientOwners
    readonly limits: ServerLimits
  },
): Verdict {
  const { index, pending, owners, limits } = document
  if (exceeds(update.byteLength, limits.updateBytes)) {
    throw new CairnError(
      'TOO_LARGE',
      `an update may have ${limits.updateBytes} bytes, this one has ${update.byteLength}`,
    )
  }
  const { scan, bytes } = scanStranger(update, index.deleteRanges)
  requireWithin('updateSections', scan.sectionCount, limits)
  const whole: ScannedPart = {
    update: bytes,
    outline: outlineOf(scan),
    deleteSetStart: scan.deleteSetStart,
  }
  owners.check(whole.outline.sections, principal.id, pending.known)
  const { complete, rest } = isComplete(scan, pending.known)
    ? { complete: completePart(whole, scan, index, pending.known), rest: undefined }
    : splitPart(whole, scan, index, pending.known)
  if (complete === undefined) return { complete, rest }
  checkLimits(complete, pending, limits)
  const outline = withinDeleteRanges(complete.outline, index, pending, limits)
  owners.claim(outline.sections, principal.id, pending.known)
  return { complete: { update: complete.update, outline }, rest }
}

/**
 * Every sync step 2 of a stock client repeats all deletes that it knows of, and where the document
 * has more than one update may bring, so has the answer: then what counts is what is new of them.
 */
function scanStranger(
  update: Uint8Array,
  known: DeleteRanges,
): { readonly scan: UpdateScan; readonly bytes: Uint8Array } {
  try {
    return { scan: scanner.scan(update), bytes: update }
  } catch (error) {
    if (!(error instanceof CairnError) || error.rule !== 'delete-ranges') throw error
  }
  const isKnown = (client: number, from: number, to: number) => known.covers(client, from, to)
  const scan = scanner.scan(update, strangerLimits, isKnown)
  const deletes = DeleteRanges.of(outlineOf(scan).deletes).encode()
  const bytes = Buffer.concat([update.subarray(0, scan.deleteSetStart), deletes])
  return { scan: scanner.scan(bytes), bytes }
}

interface ScannedPart extends AdmissiblePart {
  readonly deleteSetStart: number
}

/** An update whose past is known, without the structs that are known too. */
function completePart(
  whole: ScannedPart,
  scan: UpdateScan,
  index: DocumentIndex,
  known: (client: number) => number,
): AdmissiblePart | undefined {
  const trimmed = trimUpdate(whole.update, scan, known)
  if (trimmed === whole.update) return withoutDurable(whole, index)
  // Where all of it is on its way but not durable yet it is appended again: acknowledged is only
  // what is durable, and structs that are known already change nothing.
  return withoutDurable(scanned(trimmed), index) ?? withoutDurable(whole, index)
}

function splitPart(
  whole: ScannedPart,
  scan: UpdateScan,
  index: DocumentIndex,
  known: (client: number) => number,
): Verdict {
  const { complete, rest, missing } = splitUpdate(whole.update, scan, known)
  const part = complete && withoutDurable(scanned(complete), index)
  if (rest !== undefined) return { complete: part, rest: { update: rest, missing } }
  return { complete: part ?? withoutDurable(whole, index), rest: undefined }
}

/** Bytes that were made here, with what the index needs of them. */
function scanned(update: Uint8Array): ScannedPart {
  const scan = scanner.scan(update, noScanLimits)
  return { update, outline: outlineOf(scan), deleteSetStart: scan.deleteSetStart }
}

/** Scans bytes that the log already holds. */
export function outlineOfStored(update: Uint8Array): UpdateOutline {
  return outlineOf(scanner.scan(update, noScanLimits))
}

/**
 * Leaves out what is durable already: all of it (undefined), the structs, or the delete ranges that
 * every sync step 2 repeats.
 */
function withoutDurable(part: ScannedPart, index: DocumentIndex): AdmissiblePart | undefined {
  const { sections, deletes, rootNames, subdocuments } = part.outline
  const addsStructs = addsClocks(sections, index.stateVector)
  const newDeletes = withoutCovered(deletes, index.deleteRanges)
  if (!addsStructs && newDeletes.length === 0) return undefined
  if (newDeletes.length === deletes.length && (addsStructs || sections.length === 0)) return part
  const structs = addsStructs ? part.update.subarray(0, part.deleteSetStart) : noStructs
  return {
    update: Buffer.concat([structs, DeleteRanges.of(newDeletes).encode()]),
    outline: {
      sections: addsStructs ? sections : [],
      deletes: newDeletes,
      deleteGrowth: newDeletes.length / 3,
      rootNames: addsStructs ? rootNames : [],
      subdocuments: addsStructs ? subdocuments : 0,
    },
  }
}

/** The first half of an update without structs: no sections. */
const noStructs = Uint8Array.of(0)

function addsClocks(sections: readonly number[], known: ReadonlyMap<number, number>): boolean {
  for (let i = 0; i + 2 < sections.length; i += 3) {
    if ((sections[i + 2] ?? 0) > (known.get(sections[i] ?? 0) ?? 0)) return true
  }
  return false
}

function withoutCovered(deletes: readonly number[], covered: DeleteRanges): readonly number[] {
  if (deletes.length === 0) return deletes
  const result: number[] = []
  for (let i = 0; i + 2 < deletes.length; i += 3) {
    const client = deletes[i] ?? 0
    const from = deletes[i + 1] ?? 0
    const to = deletes[i + 2] ?? 0
    if (!covered.covers(client, from, to)) result.push(client, from, to)
  }
  return result.length === deletes.length ? deletes : result
}

function checkLimits(part: AdmissiblePart, pending: PendingUpdates, limits: ServerLimits): void {
  const { sections, rootNames, subdocuments } = part.outline
  requireWithin('documentBytes', pending.byteLength + part.update.byteLength, limits)
  let newClients = 0
  for (let i = 0; i < sections.length; i += 3) {
    if (pending.known(sections[i] ?? 0) === 0) newClients++
  }
  if (newClients > 0) requireWithin('documentClients', pending.clients + newClients, limits)
  const newNames = rootNames.filter((name) => !pending.hasRootName(name)).length
  if (newNames > 0) requireWithin('documentRootNames', pending.rootNames + newNames, limits)
  if (subdocuments > 0) {
    requireWithin('documentSubdocuments', pending.subdocuments + subdocuments, limits)
  }
}

/**
 * The outline with the delete ranges that it really adds, where the document is near its limit: most
 * deletes lie beside others and are joined with them. Far from it the count of those that are named
 * is good enough. What adds none is let in whatever the document has.
 */
function withinDeleteRanges(
  outline: UpdateOutline,
  index: DocumentIndex,
  pending: PendingUpdates,
  limits: ServerLimits,
): UpdateOutline {
  const { deletes } = outline
  if (deletes.length === 0) return outline
  const nearLimit = limits.documentDeleteRanges / 2
  if (!exceeds(pending.deleteRanges + outline.deleteGrowth, nearLimit)) return outline
  const deleteGrowth = Math.max(0, index.deleteRanges.growthBy(DeleteRanges.of(deletes)))
  if (deleteGrowth > 0) {
    requireWithin('documentDeleteRanges', pending.deleteRanges + deleteGrowth, limits)
  }
  return { ...outline, deleteGrowth }
}
