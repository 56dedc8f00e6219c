import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'

export const neverLagging: Mutant = {
  name: 'never-lagging',
  what: 'more and more is put into sockets that nobody reads',
  caughtBy: ['within-bounds'],
  needs: { networkBytes: 4_096, faults: { 'slow-reader': 2_000 } },
  sockets: () => (inner) => new BoundlessSocket(inner),
}

class BoundlessSocket extends ForwardingSocket {
  override get isDrained(): boolean {
    return true
  }

  override get bufferedBytes(): number {
    return 0
  }
}
