import type { Awareness } from 'y-protocols/awareness'
import type { Environment, Timer } from '../runtime/environment.js'
import { webEnvironment } from '../runtime/web-environment.js'

export interface ThrottledCursor<Value> {
  /** Shows the cursor at `value`: at once, or when the time since the last one is over. */
  move(value: Value): void
  /** Takes the cursor away at once, as when the editor loses the focus. */
  hide(): void
  /** Forgets a move that waits. */
  destroy(): void
}

/**
 * Keeps a cursor that moves with each pixel from being sent as often: of the moves within `everyMs`
 * the first goes out at once and the last when they are over.
 *
 * @param field of the awareness state. @default 'cursor'
 * @param everyMs @default 50
 */
export function throttledCursor<Value>(
  awareness: Awareness,
  options: {
    readonly field?: string
    readonly everyMs?: number
    /** @internal */
    readonly environment?: Environment
  } = {},
): ThrottledCursor<Value> {
  const { field = 'cursor', everyMs = 50, environment = webEnvironment } = options
  let pending: { readonly value: Value } | undefined
  let timer: Timer | undefined
  const rest = (): void => {
    timer = environment.setTimer(() => {
      timer = undefined
      if (pending === undefined) return
      const { value } = pending
      pending = undefined
      show(value)
    }, everyMs)
  }
  const show = (value: Value): void => {
    awareness.setLocalStateField(field, value)
    rest()
  }
  const destroy = (): void => {
    timer?.cancel()
    timer = undefined
    pending = undefined
  }
  return {
    move: (value) => {
      if (timer === undefined) show(value)
      else pending = { value }
    },
    hide: () => {
      destroy()
      awareness.setLocalStateField(field, null)
    },
    destroy,
  }
}
