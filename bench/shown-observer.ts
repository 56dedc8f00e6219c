import type { KillWitness } from './kill-witness.js'
import { RawClient } from './raw-client.js'

/** Watches one document and tells the witness of every update frame that the server shows it. */
export class ShownObserver {
  readonly #client: RawClient
  #frames = 0

  constructor(serverUrl: string, name: string, witness: KillWitness, onFrame: () => void) {
    this.#client = new RawClient(serverUrl, name)
    this.#client.handle((message) => {
      if (message.type !== 'update' && message.type !== 'sync-step-2') return
      witness.seeUpdate(message.update)
      this.#frames++
      onFrame()
    })
  }

  /** Update frames that were shown so far. */
  get frames(): number {
    return this.#frames
  }

  async open(): Promise<void> {
    await this.#client.opened
    this.#client.requestEverything()
  }

  /** Resolves once the connection is gone and every frame that had reached this side is seen. */
  async closed(): Promise<void> {
    await this.#client.closed
  }

  close(): void {
    this.#client.terminate()
  }
}
