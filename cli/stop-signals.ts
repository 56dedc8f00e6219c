import type { CommandContext, StopSignal } from './command-context.js'

/** Signals that come this close together are one wish: npm passes on a Ctrl-C that all received. */
const sameWishMs = 250

const signalNumbers: Record<StopSignal, number> = { SIGINT: 2, SIGTERM: 15 }

/** Waits for a signal to stop. The first is a request; a second one ends the process at once. */
export class StopSignals {
  /** Resolves at the first signal. */
  readonly requested: Promise<StopSignal>
  readonly #stopListening: () => void

  constructor(context: Pick<CommandContext, 'environment' | 'exit' | 'onStopSignal'>) {
    const { promise, resolve } = createDeferred<StopSignal>()
    this.requested = promise
    let requestedAt: number | undefined
    this.#stopListening = context.onStopSignal((signal) => {
      const now = context.environment.now()
      if (requestedAt === undefined) {
        requestedAt = now
        resolve(signal)
      } else if (now - requestedAt > sameWishMs) {
        context.exit(128 + signalNumbers[signal])
      }
    })
  }

  dispose(): void {
    this.#stopListening()
  }
}

function createDeferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
