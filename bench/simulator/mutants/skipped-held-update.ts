import { encodeUpdate } from '../../../protocol/codec.js'
import type { ClockRange } from '../../update-contents.js'
import { contentsOf } from '../contents-set.js'
import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'
import { updateIn } from './message-kinds.js'

export const skippedHeldUpdate: Mutant = {
  name: 'skipped-held-update',
  what: 'an update whose past is missing is acknowledged and forgotten',
  caughtBy: [
    'acknowledged-durable',
    'acknowledged-kept',
    'replicas-equal',
    'everybody-synced',
    'saved-durable',
  ],
  needs: { extendedEditors: 2 },
  sockets() {
    const ends = new Map<number, number>()
    return (inner) => new SkippingSocket(inner, ends)
  },
}

class SkippingSocket extends ForwardingSocket {
  /** Client to the end of the clocks that came of it. */
  readonly #ends: Map<number, number>

  constructor(inner: ConstructorParameters<typeof ForwardingSocket>[0], ends: Map<number, number>) {
    super(inner)
    this.#ends = ends
  }

  protected override receive(message: Uint8Array): void {
    super.receive(this.#lacksPast(message) ? encodeUpdate(Uint8Array.of(0, 0)) : message)
  }

  #lacksPast(message: Uint8Array): boolean {
    const update = updateIn(message)
    if (update === undefined) return false
    const [first] = structsOf(update)
    if (first === undefined) return false
    const known = this.#ends.get(first.clientID)
    if (known !== undefined && first.clock > known) return true
    this.#ends.set(first.clientID, first.clock + first.length)
    return false
  }
}

/** Of what Yjs can read; the rest is for the server to refuse. */
function structsOf(update: Uint8Array): readonly ClockRange[] {
  try {
    return contentsOf(update).structs
  } catch {
    return []
  }
}
