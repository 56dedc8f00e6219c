import { ForwardingSocket } from '../forwarding-socket.js'
import type { Mutant } from '../mutant.js'
import { isUpdate } from './message-kinds.js'

export const fanOutBeforeAppend: Mutant = {
  name: 'fan-out-before-append',
  what: 'an update goes to the other connections when it arrives, before it is durable',
  caughtBy: ['shown-durable'],
  sockets() {
    const sockets = new Set<HastySocket>()
    return (inner, documentName) => {
      const socket: HastySocket = new HastySocket(inner, documentName, sockets)
      sockets.add(socket)
      return socket
    }
  },
}

class HastySocket extends ForwardingSocket {
  readonly #documentName: string
  readonly #all: Set<HastySocket>

  constructor(
    inner: ConstructorParameters<typeof ForwardingSocket>[0],
    documentName: string,
    all: Set<HastySocket>,
  ) {
    super(inner)
    this.#documentName = documentName
    this.#all = all
  }

  protected override receive(message: Uint8Array): void {
    if (isUpdate(message)) {
      for (const other of this.#all) {
        if (other !== this && other.#documentName === this.#documentName) other.sendExtra(message)
      }
    }
    super.receive(message)
  }

  protected override ended(code: number, reason: string): void {
    this.#all.delete(this)
    super.ended(code, reason)
  }
}
