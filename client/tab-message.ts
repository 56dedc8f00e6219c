/** What the tabs of one browser tell each other; `from` and `to` name providers. */
export type TabMessage =
  /** Somebody new, who knows this much. */
  | { readonly kind: 'hello'; readonly from: string; readonly stateVector: Uint8Array }
  /** What the other one lacks. */
  | {
      readonly kind: 'state'
      readonly from: string
      readonly to: string
      readonly stateVector: Uint8Array
      readonly update: Uint8Array
      /** The sender's own changes are part of it up to this one. */
      readonly number: number
      readonly isSaved: boolean
      readonly wantsAnswer: boolean
    }
  | {
      readonly kind: 'update'
      readonly from: string
      readonly number: number
      readonly update: Uint8Array
    }
  /** The sender's own changes up to this one are durable. */
  | { readonly kind: 'saved'; readonly from: string; readonly through: number }
  | { readonly kind: 'awareness'; readonly from: string; readonly update: Uint8Array }
  | { readonly kind: 'leaving'; readonly from: string; readonly awareness: Uint8Array }

/** What came on the channel; undefined where it is nothing of ours, since any script can post. */
export function readTabMessage(data: unknown): TabMessage | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const field = (name: string): unknown => Reflect.get(data, name)
  const kind = field('kind')
  const from = field('from')
  if (typeof from !== 'string') return undefined
  switch (kind) {
    case 'hello': {
      const stateVector = field('stateVector')
      return isBytes(stateVector) ? { kind, from, stateVector } : undefined
    }
    case 'state':
      return readState(from, field)
    case 'update': {
      const [number, update] = [field('number'), field('update')]
      return isCount(number) && isBytes(update) ? { kind, from, number, update } : undefined
    }
    case 'saved': {
      const through = field('through')
      return isCount(through) ? { kind, from, through } : undefined
    }
    case 'awareness': {
      const update = field('update')
      return isBytes(update) ? { kind, from, update } : undefined
    }
    case 'leaving': {
      const awareness = field('awareness')
      return isBytes(awareness) ? { kind, from, awareness } : undefined
    }
    default:
      return undefined
  }
}

function readState(from: string, field: (name: string) => unknown): TabMessage | undefined {
  const [to, stateVector, update] = [field('to'), field('stateVector'), field('update')]
  const [number, isSaved, wantsAnswer] = [field('number'), field('isSaved'), field('wantsAnswer')]
  if (typeof to !== 'string' || !isBytes(stateVector) || !isBytes(update)) return undefined
  if (!isCount(number) || typeof isSaved !== 'boolean' || typeof wantsAnswer !== 'boolean') {
    return undefined
  }
  return { kind: 'state', from, to, stateVector, update, number, isSaved, wantsAnswer }
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
