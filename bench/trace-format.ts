import { TraceError } from './trace-error.js'

/**
 * A recorded editing session, in one form for both kinds that josephg/editing-traces publishes:
 * a sequential trace is a concurrent one with a single agent, each transaction the child of the last.
 */
export interface Trace {
  /** The text once every transaction is in. */
  readonly endContent: string
  readonly agents: number
  /** Parents come before their children. */
  readonly transactions: readonly TraceTransaction[]
}

/** One agent's edits, made in the document that `parents` and all that they have seen give. */
export interface TraceTransaction {
  readonly agent: number
  /** Indexes into `Trace.transactions`; empty for one that starts from the empty document. */
  readonly parents: readonly number[]
  /** Applied in order, each in the document that the one before it left. */
  readonly patches: readonly TracePatch[]
}

/** Positions and lengths count code points, not the UTF-16 units that Yjs counts. */
export interface TracePatch {
  readonly position: number
  readonly deleted: number
  readonly inserted: string
}

/**
 * Reads the JSON text of a trace and checks its shape. That each patch lies inside its document is
 * only known while replaying.
 *
 * @throws TraceError naming the first transaction that is not as the format says
 */
export function parseTrace(json: string): Trace {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new TraceError(`the trace is not JSON: ${error instanceof Error ? error.message : error}`)
  }
  const file = asRecord(value, 'the trace')
  const startContent = asText(file.startContent ?? '', 'startContent')
  const endContent = asText(file.endContent, 'endContent')
  const entries = asArray(file.txns, 'txns')
  if (file.kind === undefined || file.kind === 'sequential') {
    const transactions = entries.map((entry, index) => parseSequential(entry, index))
    return withStart(startContent, { endContent, agents: 1, transactions })
  }
  if (file.kind !== 'concurrent') {
    throw new TraceError(
      `kind is ${JSON.stringify(file.kind)}, expected "concurrent" or none for a sequential trace`,
    )
  }
  const agents = asCount(file.numAgents, 'numAgents')
  if (agents === 0) throw new TraceError('numAgents is 0, expected at least one agent')
  const transactions = entries.map((entry, index) => parseConcurrent(entry, index, agents))
  return withStart(startContent, { endContent, agents, transactions })
}

function parseSequential(entry: unknown, index: number): TraceTransaction {
  const where = `transaction ${index}`
  const fields = asRecord(entry, where)
  return {
    agent: 0,
    parents: index === 0 ? [] : [index - 1],
    patches: parsePatches(fields.patches, where),
  }
}

function parseConcurrent(entry: unknown, index: number, agents: number): TraceTransaction {
  const where = `transaction ${index}`
  const fields = asRecord(entry, where)
  const agent = asCount(fields.agent, `${where}: agent`)
  if (agent >= agents) {
    throw new TraceError(`${where}: agent is ${agent}, but numAgents is ${agents}`)
  }
  const parents = asArray(fields.parents, `${where}: parents`).map((parent) => {
    const at = asCount(parent, `${where}: a parent`)
    if (at >= index) {
      throw new TraceError(`${where}: parent ${at} does not come before it`)
    }
    return at
  })
  return { agent, parents, patches: parsePatches(fields.patches, where) }
}

function parsePatches(value: unknown, where: string): readonly TracePatch[] {
  return asArray(value, `${where}: patches`).map((entry, index) => {
    const patch = asArray(entry, `${where}: patch ${index}`)
    if (patch.length !== 3) {
      throw new TraceError(
        `${where}: patch ${index} has ${patch.length} parts, expected [position, deleted, inserted]`,
      )
    }
    return {
      position: asCount(patch[0], `${where}: patch ${index}: position`),
      deleted: asCount(patch[1], `${where}: patch ${index}: deleted`),
      inserted: asText(patch[2], `${where}: patch ${index}: inserted`),
    }
  })
}

/** The content that a trace starts with becomes a first transaction that every root has seen. */
function withStart(startContent: string, trace: Trace): Trace {
  if (startContent === '') return trace
  const start: TraceTransaction = {
    agent: 0,
    parents: [],
    patches: [{ position: 0, deleted: 0, inserted: startContent }],
  }
  const shifted = trace.transactions.map(({ agent, parents, patches }) => ({
    agent,
    parents: parents.length === 0 ? [0] : parents.map((parent) => parent + 1),
    patches,
  }))
  return { ...trace, transactions: [start, ...shifted] }
}

function asRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TraceError(`${what} is ${kindOf(value)}, expected an object`)
  }
  return { ...value }
}

function asArray(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new TraceError(`${what} is ${kindOf(value)}, expected an array`)
  return value
}

function asCount(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new TraceError(`${what} is ${JSON.stringify(value)}, expected a whole number >= 0`)
  }
  return value
}

/** Half of a surrogate pair cannot be encoded as UTF-8, so no Yjs document can hold it. */
function asText(value: unknown, what: string): string {
  if (typeof value !== 'string') {
    throw new TraceError(`${what} is ${kindOf(value)}, expected a string`)
  }
  if (/\p{Surrogate}/u.test(value)) {
    throw new TraceError(`${what} holds half of a surrogate pair, expected well-formed Unicode`)
  }
  return value
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
