import * as Y from 'yjs'
import { createRandom } from '../runtime/seeded-random.js'
import { unitOffset } from './text-position.js'
import type { Trace, TracePatch, TraceTransaction } from './trace-format.js'

export interface TraceGeneratorOptions {
  /** Decides everything. */
  readonly seed: number
  readonly agents: number
  readonly transactions: number
}

const textName = 'text'
const words = ['a', 'b', 'c ', 'the ', 'and ', 'sync ', '\n', 'ä', '漢', '😀', '👩‍👩‍👧 ', '🇨🇭']

/** One simulated writer: what it holds, and which transactions of each writer it has seen. */
class Writer {
  readonly agent: number
  readonly doc = new Y.Doc()
  readonly seen: number[]

  constructor(agent: number, agents: number) {
    this.agent = agent
    this.doc.clientID = agent + 1
    this.seen = new Array<number>(agents).fill(0)
  }

  get text(): Y.Text {
    return this.doc.getText(textName)
  }

  /** Inserts and deletes at random places, counted in code points. */
  edit(random: () => number): TracePatch {
    const text = this.text.toString()
    const length = [...text].length
    const position = Math.floor(random() * (length + 1))
    const isDelete = length > 20 && random() < 0.3
    const deleted = isDelete ? Math.min(length - position, 1 + Math.floor(random() * 6)) : 0
    const isInsert = deleted === 0 || random() < 0.2
    const inserted = isInsert ? (words[Math.floor(random() * words.length)] ?? 'x') : ''
    const start = unitOffset(text, position) ?? 0
    const end = unitOffset(text, position + deleted) ?? start
    if (end > start) this.text.delete(start, end - start)
    if (inserted !== '') this.text.insert(start, inserted)
    return { position, deleted, inserted }
  }
}

/** What the generator remembers of a transaction: its bytes, its line, and its writer's view. */
interface Made {
  readonly index: number
  readonly update: Uint8Array
  readonly sees: readonly number[]
}

/**
 * Makes a concurrent trace of the kind that two people typing at once leave behind: writers go their
 * own way for a while, then take in what another has so far. Its end content comes from plain
 * documents that exchange exactly the updates that each writer has seen.
 */
export function generateTrace({ seed, agents, transactions }: TraceGeneratorOptions): Trace {
  const random = createRandom(seed)
  const writers = Array.from({ length: agents }, (_, agent) => new Writer(agent, agents))
  const lines: Made[][] = writers.map(() => [])
  const made: TraceTransaction[] = []
  while (made.length < transactions) {
    const writer = pick(writers, random)
    if (random() < 0.8) takeIn(writer, pick(writers, random).agent, lines, random)
    const stretch = Math.min(transactions - made.length, 1 + Math.floor(random() * 6))
    for (let count = 0; count < stretch; count++)
      made.push(write(writer, lines, made.length, random))
  }
  const endContent = mergeAll(lines)
  for (const { doc } of writers) doc.destroy()
  return { endContent, agents, transactions: made }
}

function write(
  writer: Writer,
  lines: readonly Made[][],
  index: number,
  random: () => number,
): TraceTransaction {
  const { agent, doc, seen } = writer
  const before = Y.encodeStateVector(doc)
  const parents = frontier(seen, lines)
  const patches: TracePatch[] = []
  const updates: Uint8Array[] = []
  const keep = (update: Uint8Array): void => {
    updates.push(update)
  }
  doc.on('update', keep)
  doc.transact(() => {
    const count = random() < 0.1 ? 3 : 1
    for (let patch = 0; patch < count; patch++) patches.push(writer.edit(random))
  })
  doc.off('update', keep)
  const update = updates[0] ?? Y.encodeStateAsUpdate(doc, before)
  lines[agent]?.push({ index, update, sees: [...seen] })
  seen[agent] = (seen[agent] ?? 0) + 1
  return { agent, parents, patches }
}

/** Takes in a random share of what `other` has written, and all that was seen in writing it. */
function takeIn(writer: Writer, other: number, lines: readonly Made[][], random: () => number) {
  const has = writer.seen[other] ?? 0
  const line = lines[other] ?? []
  if (other === writer.agent || line.length === has) return
  const upTo = has + 1 + Math.floor(random() * (line.length - has))
  const target = [...writer.seen]
  target[other] = upTo
  for (const [agent, count] of (line[upTo - 1]?.sees ?? []).entries()) {
    target[agent] = Math.max(target[agent] ?? 0, count)
  }
  const due: Made[] = []
  for (const [agent, count] of target.entries()) {
    due.push(...(lines[agent]?.slice(writer.seen[agent], count) ?? []))
    writer.seen[agent] = Math.max(writer.seen[agent] ?? 0, count)
  }
  due.sort((a, b) => a.index - b.index)
  for (const { update } of due) Y.applyUpdate(writer.doc, update)
}

/** The last transaction seen of each agent, without those that another of them has seen. */
function frontier(seen: readonly number[], lines: readonly Made[][]): readonly number[] {
  const heads: { readonly agent: number; readonly made: Made }[] = []
  for (const [agent, count] of seen.entries()) {
    const made = lines[agent]?.[count - 1]
    if (made !== undefined) heads.push({ agent, made })
  }
  return heads
    .filter(({ agent }) => !heads.some(({ made }) => (made.sees[agent] ?? 0) >= (seen[agent] ?? 0)))
    .map(({ made }) => made.index)
}

function mergeAll(lines: readonly (readonly Made[])[]): string {
  const doc = new Y.Doc()
  const all = lines.flat().sort((a, b) => a.index - b.index)
  for (const { update } of all) Y.applyUpdate(doc, update)
  const text = doc.getText(textName).toString()
  doc.destroy()
  return text
}

function pick<T>(list: readonly T[], random: () => number): T {
  const entry = list[Math.floor(random() * list.length)]
  if (entry === undefined) throw new RangeError('nothing to pick from')
  return entry
}
