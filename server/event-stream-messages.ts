import { ByteReader } from '../protocol/byte-reader.js'
import { CairnError } from '../protocol/errors.js'
import type { Environment } from '../runtime/environment.js'
import { exceeds } from './limits.js'

/** Lengths that are looked at in one turn: well below a millisecond. */
const lengthsPerTurn = 65_536

export interface MessageRules {
  readonly environment: Pick<Environment, 'defer'>
  /** A message may have so many bytes; 0 is no limit. */
  readonly maxMessageBytes: number
}

/**
 * Looks over the body of a POST before anything of it is taken: it must be messages up to its end, none
 * of them empty. A body can hold millions, so others have their turn in between.
 * @throws MALFORMED_MESSAGE, TOO_LARGE
 */
export async function checkMessages(body: Uint8Array, rules: MessageRules): Promise<void> {
  const reader = new ByteReader('MALFORMED_MESSAGE', body)
  for (let count = 1; reader.remaining > 0; count++) {
    const byteLength = reader.readByteLength()
    if (byteLength === 0) throw new CairnError('MALFORMED_MESSAGE', 'a message has no bytes')
    if (exceeds(byteLength, rules.maxMessageBytes)) {
      throw new CairnError('TOO_LARGE', `a message has ${byteLength} bytes`)
    }
    reader.skipBytes(byteLength)
    if (count % lengthsPerTurn === 0) await nextTurn(rules.environment)
  }
}

/** The messages of a body that was looked over, each made when it is asked for. */
export function* messagesOf(body: Uint8Array): Generator<Uint8Array, void> {
  const reader = new ByteReader('MALFORMED_MESSAGE', body)
  while (reader.remaining > 0) {
    const message = reader.readVarBytes()
    // Who keeps a message must not keep those that came with it. `slice` of a Buffer copies nothing.
    yield message.byteLength * 2 < body.byteLength ? new Uint8Array(message) : message
  }
}

/** Resolves when all others had their turn. */
export function nextTurn(environment: Pick<Environment, 'defer'>): Promise<void> {
  return new Promise((resolve) => environment.defer(resolve))
}
