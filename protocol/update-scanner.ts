import type { Environment } from '../runtime/environment.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { ClientClocks } from './client-clocks.js'
import { readDeleteSet } from './delete-set.js'
import { contentKind } from './item-content.js'
import { protocolLimits } from './limits.js'
import { RootNames } from './root-names.js'
import { StructReader } from './struct-reader.js'
import type { UpdateScan } from './update-scan.js'

export type { UpdateScan } from './update-scan.js'

const FIRST_CAPACITY = 16
/** Arrays that grew above this are let go at the next scan. */
const KEPT_CAPACITY = 4_096
/** The smallest section: three varints and a GC of two bytes. */
const MIN_SECTION_BYTES = 5
const MIN_STRUCT_BYTES = 2

/** How much one update may have of what costs more memory than its bytes. */
export interface ScanLimits {
  /** Clients that it has structs of. */
  readonly sections: number
  /** Other clients that its structs refer to. */
  readonly dependencies: number
  readonly deleteRanges: number
}

/** For an update of which nothing is known. */
export const strangerLimits: ScanLimits = {
  sections: protocolLimits.sections.value,
  dependencies: protocolLimits.dependencies.value,
  deleteRanges: protocolLimits.deleteRanges.value,
}

/** For what was let in before: a document may have grown beyond what one update may bring. */
export const noScanLimits: ScanLimits = {
  sections: Number.POSITIVE_INFINITY,
  dependencies: Number.POSITIVE_INFINITY,
  deleteRanges: Number.POSITIVE_INFINITY,
}

/**
 * Checks the structure of Yjs v1 updates, byte by byte in one pass, and says what is in them. No
 * Yjs function is called and no struct is built, so that no input can make Yjs hang, throw half way
 * or fill the memory, and a keystroke costs a fraction of a microsecond.
 */
export class UpdateScanner {
  readonly #reader = new StructReader()
  readonly #scan: MutableScan
  #limits = strangerLimits

  /** @param environment gives the chance that hashing needs; no result depends on it */
  constructor(environment: Pick<Environment, 'randomBytes'> = systemEnvironment) {
    this.#scan = new MutableScan(environment)
  }

  /**
   * Checks one update. What is returned belongs to the scanner and is valid until its next scan.
   * @throws MALFORMED_UPDATE with a rule of `updateRules`, LIMIT_REACHED for too many clients or
   *   delete ranges
   * @param isKnownDelete of which delete ranges the scan is to say nothing; they do not count
   */
  scan(
    update: Uint8Array,
    limits = strangerLimits,
    isKnownDelete?: (client: number, from: number, to: number) => boolean,
  ): UpdateScan {
    const reader = this.#reader
    const scan = this.#scan
    this.#limits = limits
    reader.reset(update)
    scan.clear(update.length)
    const sections = reader.readCount(MIN_SECTION_BYTES)
    if (sections > limits.sections) {
      const most = `at most ${limits.sections} clients in an update`
      reader.failLimit('sections', `${most}, got ${sections}`)
    }
    let client = Number.POSITIVE_INFINITY
    for (let left = sections; left > 0; left--) client = this.#readSection(client)
    scan.deleteSetStart = reader.position
    readDeleteSet(reader, scan.addDelete, limits.deleteRanges, isKnownDelete)
    reader.expectEnd()
    scan.rootNames = scan.names.toArray()
    return scan
  }

  /** Reads one section; returns its client. */
  #readSection(previousClient: number): number {
    const reader = this.#reader
    const start = reader.position
    const structs = reader.readCount(MIN_STRUCT_BYTES)
    if (structs === 0) reader.fail('count', 'expected a section of at least one struct')
    const client = reader.readVarUint()
    if (client >= previousClient) {
      reader.fail('section-order', `expected a client below ${previousClient}, got ${client}`)
    }
    const from = reader.readVarUint()
    const to = this.#readStructs(client, from, structs)
    this.#scan.addSection(client, from, to, start, reader.position, structs)
    return client
  }

  /** Returns the clock after the last struct. */
  #readStructs(client: number, from: number, structs: number): number {
    const reader = this.#reader
    const scan = this.#scan
    let clock = from
    for (let index = 0; index < structs; index++) {
      clock += reader.readStruct(client, clock)
      if (reader.isSkip) {
        if (index === 0 || index === structs - 1) {
          reader.fail('skip', 'expected no Skip at either end of a section')
        }
        scan.hasSkips = true
      }
      if (reader.kind === contentKind.document) scan.subdocumentCount++
      if (reader.referenceCount > 0) this.#noteReferences()
      if (reader.rootNameStart >= 0) this.#noteRootName()
    }
    return clock
  }

  #noteReferences(): void {
    const { referenceCount, referenceClient, referenceClock } = this.#reader
    const { dependencies } = this.#scan
    for (let index = 0; index < referenceCount; index++) {
      dependencies.raise(referenceClient[index] as number, referenceClock[index] as number)
    }
    const most = this.#limits.dependencies
    if (dependencies.count > most) {
      this.#reader.failLimit('dependencies', `at most ${most} other clients`)
    }
  }

  #noteRootName(): void {
    const { bytes, rootNameStart, rootNameEnd } = this.#reader
    if (!this.#scan.names.add(bytes, rootNameStart, rootNameEnd)) {
      this.#reader.fail('utf8', 'expected the name of a root type in valid UTF-8')
    }
  }
}

class MutableScan implements UpdateScan {
  byteLength = 0
  sectionCount = 0
  sectionClient = new Float64Array(FIRST_CAPACITY)
  sectionFrom = new Float64Array(FIRST_CAPACITY)
  sectionTo = new Float64Array(FIRST_CAPACITY)
  sectionStart = new Float64Array(FIRST_CAPACITY)
  sectionEnd = new Float64Array(FIRST_CAPACITY)
  sectionStructs = new Float64Array(FIRST_CAPACITY)
  structCount = 0
  hasSkips = false
  deleteSetStart = 0
  deleteCount = 0
  deleteClient = new Float64Array(FIRST_CAPACITY)
  deleteFrom = new Float64Array(FIRST_CAPACITY)
  deleteTo = new Float64Array(FIRST_CAPACITY)
  rootNames: readonly string[] = []
  subdocumentCount = 0
  readonly names = new RootNames()
  readonly dependencies: ClientClocks

  constructor(environment: Pick<Environment, 'randomBytes'>) {
    this.dependencies = new ClientClocks(environment)
  }

  get dependencyCount(): number {
    return this.dependencies.count
  }

  get dependencyClient(): Float64Array {
    return this.dependencies.clients
  }

  get dependencyClock(): Float64Array {
    return this.dependencies.clocks
  }

  clear(byteLength: number): void {
    this.byteLength = byteLength
    this.sectionCount = 0
    this.structCount = 0
    this.hasSkips = false
    this.deleteCount = 0
    this.subdocumentCount = 0
    this.names.clear()
    this.dependencies.clear()
    if (this.sectionClient.length > KEPT_CAPACITY) this.#resizeSections(FIRST_CAPACITY)
    if (this.deleteClient.length > KEPT_CAPACITY) this.#resizeDeletes(FIRST_CAPACITY)
  }

  addSection(
    client: number,
    from: number,
    to: number,
    start: number,
    end: number,
    structs: number,
  ): void {
    const index = this.sectionCount++
    if (index === this.sectionClient.length) this.#resizeSections(index * 2)
    this.sectionClient[index] = client
    this.sectionFrom[index] = from
    this.sectionTo[index] = to
    this.sectionStart[index] = start
    this.sectionEnd[index] = end
    this.sectionStructs[index] = structs
    this.structCount += structs
  }

  /** A field, so that every scan hands the same function to `readDeleteSet`. */
  readonly addDelete = (client: number, from: number, to: number): void => {
    const index = this.deleteCount++
    if (index === this.deleteClient.length) this.#resizeDeletes(index * 2)
    this.deleteClient[index] = client
    this.deleteFrom[index] = from
    this.deleteTo[index] = to
  }

  #resizeSections(capacity: number): void {
    this.sectionClient = resized(this.sectionClient, capacity)
    this.sectionFrom = resized(this.sectionFrom, capacity)
    this.sectionTo = resized(this.sectionTo, capacity)
    this.sectionStart = resized(this.sectionStart, capacity)
    this.sectionEnd = resized(this.sectionEnd, capacity)
    this.sectionStructs = resized(this.sectionStructs, capacity)
  }

  #resizeDeletes(capacity: number): void {
    this.deleteClient = resized(this.deleteClient, capacity)
    this.deleteFrom = resized(this.deleteFrom, capacity)
    this.deleteTo = resized(this.deleteTo, capacity)
  }
}

function resized(array: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(capacity)
  copy.set(array.subarray(0, capacity))
  return copy
}
