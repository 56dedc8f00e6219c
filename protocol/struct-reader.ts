import { skipText } from './any-value.js'
import { ByteReader } from './byte-reader.js'
import { skipContent } from './item-content.js'
import { protocolLimits } from './limits.js'

const MAX_CLOCK = protocolLimits.clock.value
/** The info byte of a GC. */
export const INFO_GC = 0
/** The info byte of a Skip. */
export const INFO_SKIP = 10
const KIND_MASK = 0x1f
/** The flag of an item's info byte that says that an origin follows. */
export const HAS_ORIGIN = 0x80
const HAS_RIGHT_ORIGIN = 0x40
const HAS_PARENT_SUB = 0x20
const PARENT_IS_ROOT = 1
const PARENT_IS_ID = 0

/**
 * Reads the structs of an update one by one (Yjs 13, encoding.js, `readClientsStructRefs`), checks
 * them, and keeps of each only what it refers to. Nothing is allocated per struct.
 *
 * Fails with MALFORMED_UPDATE and a rule of `updateRules`.
 */
export class StructReader extends ByteReader {
  /** 0 for GC, 10 for Skip, else the content kind of an item. */
  kind = 0
  /** Ids on other clients that the struct refers to: origin and right origin, or parent. */
  referenceCount = 0
  readonly referenceClient = new Float64Array(2)
  readonly referenceClock = new Float64Array(2)
  /** Byte offsets of the name of the root type that the struct names as its parent; else -1. */
  rootNameStart = -1
  rootNameEnd = -1
  /** Byte offsets of the right origin of the item whose head was read; equal where it has none. */
  rightOriginStart = 0
  rightOriginEnd = 0

  constructor() {
    super('MALFORMED_UPDATE')
  }

  get isSkip(): boolean {
    return this.kind === INFO_SKIP
  }

  /** Reads the struct of `client` that starts at `clock`; returns how many clocks it takes. */
  readStruct(client: number, clock: number): number {
    const start = this.position
    const info = this.readHead(client, clock)
    const isItem = info !== INFO_GC && info !== INFO_SKIP
    const length = isItem ? skipContent(this, this.kind) : this.readVarUint()
    if (length === 0) {
      this.position = start
      this.fail('length', 'expected a struct that is not empty')
    }
    if (clock + length > MAX_CLOCK) {
      this.position = start
      this.fail('clock', `expected clocks of at most 2^48, got ${clock} and ${length} more`)
    }
    return length
  }

  /**
   * Reads the struct of `client` that starts at `clock` up to the content of an item, or the length
   * of a GC or Skip.
   * @returns the info byte
   */
  readHead(client: number, clock: number): number {
    this.referenceCount = 0
    this.rootNameStart = -1
    const info = this.readByte()
    this.kind = info & KIND_MASK
    if (info !== INFO_GC && info !== INFO_SKIP) this.#readItemHead(info, client, clock)
    return info
  }

  #readItemHead(info: number, client: number, clock: number): void {
    const kind = info & KIND_MASK
    if (kind === INFO_GC || kind >= INFO_SKIP) {
      this.position--
      this.fail('info', `expected an info byte of a known struct, got ${info}`)
    }
    if ((info & HAS_ORIGIN) !== 0) this.#readReference(client, clock)
    this.rightOriginStart = this.position
    if ((info & HAS_RIGHT_ORIGIN) !== 0) this.#readReference(client, clock)
    this.rightOriginEnd = this.position
    // With an origin the parent is that of the origin, and nothing of it is written.
    if ((info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) === 0) {
      this.#readParent(client, clock)
      if ((info & HAS_PARENT_SUB) !== 0) skipText(this)
    }
  }

  #readParent(client: number, clock: number): void {
    const mark = this.readVarUint()
    if (mark === PARENT_IS_ID) {
      this.#readReference(client, clock)
    } else if (mark === PARENT_IS_ROOT) {
      const length = this.readByteLength()
      this.rootNameStart = this.position
      this.rootNameEnd = this.position + length
      this.position = this.rootNameEnd
    } else {
      this.fail('parent-info', `expected the mark 0 or 1 before a parent, got ${mark}`)
    }
  }

  #readReference(ownClient: number, ownClock: number): void {
    const client = this.readVarUint()
    const clock = this.readVarUint()
    if (client === ownClient) {
      // A past of its own needs no further check: a client's clocks come in order.
      if (clock < ownClock) return
      this.fail('own-reference', `expected a reference to before clock ${ownClock}, got ${clock}`)
    }
    if (clock >= MAX_CLOCK) {
      this.fail('clock', `expected a reference to a clock below 2^48, got ${clock}`)
    }
    this.referenceClient[this.referenceCount] = client
    this.referenceClock[this.referenceCount++] = clock
  }
}
