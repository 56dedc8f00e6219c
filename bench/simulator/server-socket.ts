import type { MessageBatch } from '../../runtime/message-batch.js'
import type { MessageSocket, SocketHandlers } from '../../runtime/message-socket.js'
import type { Endpoint } from './endpoint.js'
import type { SimulatedProcess } from './simulated-process.js'

/** The server's end of a simulated connection. It ends with the process. */
export class ServerSocket implements MessageSocket {
  readonly #endpoint: Endpoint
  readonly #process: SimulatedProcess
  readonly #closesTwice: boolean

  /** @param closesTwice tells of the end a second time, later, as a faulty transport may */
  constructor(endpoint: Endpoint, process: SimulatedProcess, closesTwice: boolean) {
    this.#endpoint = endpoint
    this.#process = process
    this.#closesTwice = closesTwice
  }

  attach(handlers: SocketHandlers): void {
    const inProcess = (run: () => void): void => {
      if (this.#process.isAlive) run()
    }
    this.#endpoint.attach({
      onMessage: (message) =>
        inProcess(() => {
          if (typeof message === 'string') handlers.onTextMessage()
          else handlers.onMessage(message)
        }),
      onDrain: () => inProcess(() => handlers.onDrain()),
      onPong: () => inProcess(() => handlers.onPong()),
      onClose: (code, reason) =>
        inProcess(() => {
          handlers.onClose(code, reason)
          if (this.#closesTwice) this.#process.setTimer(() => handlers.onClose(1006, ''), 700)
        }),
    })
  }

  send(batch: MessageBatch): void {
    if (!this.#process.touch('send')) return
    for (const message of batch.messages) this.#endpoint.send(message)
  }

  get isDrained(): boolean {
    return this.#endpoint.bufferedBytes === 0
  }

  get bufferedBytes(): number {
    return this.#endpoint.bufferedBytes
  }

  awaitDrain(): void {
    this.#endpoint.awaitDrain()
  }

  pause(): void {
    this.#endpoint.pause()
  }

  resume(): void {
    this.#endpoint.resume()
  }

  ping(): void {
    if (this.#process.touch('send')) this.#endpoint.ping()
  }

  close(code: number, reason: string): void {
    if (!this.#process.touch('close')) return
    this.#endpoint.resume()
    this.#endpoint.close(code, reason)
  }

  terminate(): void {
    if (this.#process.touch('close')) this.#endpoint.terminate()
  }
}
