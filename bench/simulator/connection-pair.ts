import type { VirtualTime } from '../../runtime/virtual-time.js'
import { Direction } from './direction.js'
import { Endpoint } from './endpoint.js'

/** How long a browser, and the server, wait for the other side to answer a close. */
const clientCloseTimeoutMs = 30_000
const serverCloseTimeoutMs = 5_000
/** After which both sides have learnt that a connection was cut. */
const noticeMs = 0.5

/** Both sides of one connection and the two directions between them. */
export class ConnectionPair {
  readonly upstream: Direction
  readonly downstream: Direction
  readonly client: Endpoint
  readonly server: Endpoint
  readonly #time: VirtualTime

  /** @param capacity bytes that each direction takes without anybody reading */
  constructor(time: VirtualTime, capacity: number) {
    this.#time = time
    const onSpent = (): void => this.cut()
    this.upstream = new Direction(time, onSpent)
    this.downstream = new Direction(time, onSpent)
    const client = { capacity, closeTimeoutMs: clientCloseTimeoutMs }
    const server = { capacity, closeTimeoutMs: serverCloseTimeoutMs }
    this.client = new Endpoint(time, this.upstream, client)
    this.server = new Endpoint(time, this.downstream, server)
    this.client.peer = this.server
    this.server.peer = this.client
  }

  /** Whether both sides have done with it. */
  get isOver(): boolean {
    return this.client.state === 'closed' && this.server.state === 'closed'
  }

  /** Lost with everything on its way; both sides learn of it. */
  cut(): void {
    this.upstream.cut()
    this.downstream.cut()
    this.#time.after(noticeMs, () => {
      this.server.reset()
      this.client.reset()
    })
  }
}
