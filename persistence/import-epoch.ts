import type { Environment } from '../runtime/environment.js'
import { epochLength } from './catalogue-entry.js'

/** So many bytes of an epoch name the life of a document; the rest changes when records were lost. */
const lifeLength = 12

/**
 * The epoch under which an archive becomes the document `name`. Under its own name it is the same
 * document again, but clients may have been further than the archive is, so that their positions
 * must not count. Under another name it is a document of its own.
 * @returns 16 bytes
 */
export function drawImportEpoch(
  archived: { readonly name: string; readonly epoch: Uint8Array },
  name: string,
  environment: Pick<Environment, 'randomBytes'>,
): Uint8Array {
  const epoch = new Uint8Array(environment.randomBytes(epochLength))
  if (archived.name === name) epoch.set(archived.epoch.subarray(0, lifeLength))
  return epoch
}
