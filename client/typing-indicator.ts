import type { Awareness } from 'y-protocols/awareness'
import type { Environment, Timer } from '../runtime/environment.js'
import { webEnvironment } from '../runtime/web-environment.js'

export interface TypingIndicator {
  /** Somebody types here: to be called at each keystroke. */
  typed(): void
  /** It stopped, as when a message was sent. */
  stop(): void
  /** The clients that type, without this one. */
  readonly others: readonly number[]
  /** Calls `listener` whenever `others` has changed. @returns stops calling */
  onChange(listener: (others: readonly number[]) => void): () => void
  destroy(): void
}

/**
 * Says in the awareness state who types, and takes it back by itself when no keystroke comes for a
 * while. A client that vanishes is no longer shown to type either, since its state goes.
 *
 * @param field of the awareness state, which is true or absent. @default 'typing'
 * @param expiresMs @default 3,000
 */
export function typingIndicator(
  awareness: Awareness,
  options: {
    readonly field?: string
    readonly expiresMs?: number
    /** @internal */
    readonly environment?: Environment
  } = {},
): TypingIndicator {
  const { field = 'typing', expiresMs = 3_000, environment = webEnvironment } = options
  const listeners = new Set<(others: readonly number[]) => void>()
  let timer: Timer | undefined
  let others: readonly number[] = []
  const set = (isTyping: boolean): void => {
    const state = awareness.getLocalState()
    if (state === null || (state[field] === true) === isTyping) return
    awareness.setLocalStateField(field, isTyping)
  }
  const stop = (): void => {
    timer?.cancel()
    timer = undefined
    set(false)
  }
  const look = (): void => {
    const present = [...awareness.getStates()]
      .filter(([id, state]) => id !== awareness.clientID && state[field] === true)
      .map(([id]) => id)
    if (present.length === others.length && present.every((id) => others.includes(id))) return
    others = present
    for (const listener of listeners) listener(others)
  }
  awareness.on('change', look)
  look()
  return {
    typed: () => {
      timer?.cancel()
      timer = environment.setTimer(stop, expiresMs)
      set(true)
    },
    stop,
    get others() {
      return others
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    destroy: () => {
      stop()
      awareness.off('change', look)
      listeners.clear()
    },
  }
}
