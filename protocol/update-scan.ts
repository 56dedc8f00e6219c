/**
 * What the scanner found in one update. The object and its arrays belong to the scanner and are
 * valid until its next scan; only `rootNames` may be kept. The arrays may be longer than their
 * count, and may be other arrays after the next scan: read them from the object each time.
 */
export interface UpdateScan {
  /** Bytes of the update. */
  readonly byteLength: number

  /** One section for each client that the update has structs of, clients strictly descending. */
  readonly sectionCount: number
  readonly sectionClient: Float64Array
  /** Clock of the section's first struct. */
  readonly sectionFrom: Float64Array
  /** Clock after the section's last struct. */
  readonly sectionTo: Float64Array
  /** Byte offset of the section's header. */
  readonly sectionStart: Float64Array
  /** Byte offset after the section's last struct. */
  readonly sectionEnd: Float64Array
  /** Structs of the section, Skips among them. */
  readonly sectionStructs: Float64Array

  /** Structs of all sections, Skips among them. */
  readonly structCount: number
  /** Whether clocks are missing inside a section. */
  readonly hasSkips: boolean

  /** Other clients that structs refer to by origin, right origin or parent; in no order. */
  readonly dependencyCount: number
  readonly dependencyClient: Float64Array
  /** The highest clock that is referred to; known where the client's known end is above it. */
  readonly dependencyClock: Float64Array

  /** Byte offset of the delete set, which ends the update. */
  readonly deleteSetStart: number
  /** Ranges of the delete set as they stand, which may overlap and be in any order. */
  readonly deleteCount: number
  readonly deleteClient: Float64Array
  readonly deleteFrom: Float64Array
  readonly deleteTo: Float64Array

  /** Names of the root types that the update writes into directly, each once. May be kept. */
  readonly rootNames: readonly string[]
  readonly subdocumentCount: number
}
