import {
  type AwarenessEntry,
  decodeAwareness,
  encodeAwarenessEntries,
} from '../../../protocol/awareness-message.js'
import { decodeClientMessage, encodeAwareness } from '../../../protocol/codec.js'
import type { MessageSocket } from '../../../runtime/message-socket.js'
import type { VirtualTime } from '../../../runtime/virtual-time.js'
import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'

const everyMs = 5_000
/** Above every clock of the server's. */
const firstClock = 2_000_000_000_000

export const resurrectedPresence: Mutant = {
  name: 'resurrected-presence',
  what: 'who has left is shown again and again',
  caughtBy: ['presence-exact'],
  needs: { editors: 3, leaveEveryMs: 5_000, documents: 1 },
  sockets(time) {
    const sockets = new Set<NecromancerSocket>()
    return (inner) => {
      const socket: NecromancerSocket = new NecromancerSocket(inner, time, sockets)
      sockets.add(socket)
      return socket
    }
  },
}

class NecromancerSocket extends ForwardingSocket {
  readonly #time: VirtualTime
  readonly #all: Set<NecromancerSocket>
  #last: { readonly clientID: number; readonly state: Uint8Array } | undefined

  constructor(inner: MessageSocket, time: VirtualTime, all: Set<NecromancerSocket>) {
    super(inner)
    this.#time = time
    this.#all = all
  }

  protected override receive(message: Uint8Array): void {
    this.#remember(message)
    super.receive(message)
  }

  protected override ended(code: number, reason: string): void {
    this.#all.delete(this)
    this.#haunt()
    super.ended(code, reason)
  }

  #remember(message: Uint8Array): void {
    if (this.#last !== undefined) return
    const [entry] = entriesIn(message)
    if (entry?.state === undefined) return
    this.#last = { clientID: entry.clientID, state: Uint8Array.from(entry.state) }
  }

  #haunt(): void {
    const last = this.#last
    if (last === undefined) return
    this.#time.after(everyMs, () => {
      const clock = firstClock + Math.floor(this.#time.now)
      const message = encodeAwareness(encodeAwarenessEntries([{ ...last, clock }]))
      for (const socket of this.#all) {
        if (socket.#last?.clientID !== last.clientID) socket.sendExtra(message)
      }
      this.#haunt()
    })
  }
}

function entriesIn(message: Uint8Array): readonly AwarenessEntry[] {
  if (message[0] !== 1) return []
  try {
    const decoded = decodeClientMessage(message)
    if (decoded.type !== 'awareness') return []
    return decodeAwareness(decoded.awareness, { maxEntries: 1_000, maxStateBytes: 100_000 })
  } catch {
    // The server will say what is wrong with it.
    return []
  }
}
