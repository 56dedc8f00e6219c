import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { isComplete, splitUpdate } from '../protocol/split-update.js'
import { decodeStateVector } from '../protocol/state-vector.js'
import { UpdateScanner } from '../protocol/update-scanner.js'
import { createRandom } from '../runtime/seeded-random.js'
import { integerBelow, openRoots, pick, type Random, runRandomSession } from './random-session.js'

const seeds = Number(process.env.CAIRN_FUZZ_SEEDS ?? 25)

/** Admission as a server does it: what is complete is appended, the rest is tried again. */
class Admission {
  readonly known = new Map<number, number>()
  readonly appended: Uint8Array[] = []
  /** How many admitted updates begin inside a struct of what arrived. */
  cuts = 0
  readonly #scanner = new UpdateScanner()
  #held: Uint8Array[] = []

  get heldCount(): number {
    return this.#held.length
  }

  receive(update: Uint8Array): void {
    let waiting = this.#split(update) ? this.#held : []
    while (waiting.length > 0) {
      this.#held = this.#held.filter((it) => !waiting.includes(it))
      const advanced = waiting.filter((rest) => this.#split(rest))
      waiting = advanced.length > 0 ? this.#held : []
    }
  }

  /** Whether anything was appended. */
  #split(update: Uint8Array): boolean {
    const knownOf = (client: number) => this.known.get(client) ?? 0
    const scan = this.#scanner.scan(update)
    const wasComplete = isComplete(scan, knownOf)
    const { complete, rest, missing } = splitUpdate(update, scan, knownOf)
    if (wasComplete) expect(rest).toBe(undefined)
    expect(missing.length > 0).toBe(rest !== undefined)
    for (const { client, clock } of missing)
      expect(knownOf(client)).toBeLessThanOrEqual(Math.max(clock, this.#endWith(complete, client)))
    if (rest !== undefined) this.#held.push(rest)
    if (complete !== undefined) {
      this.#append(complete)
      if (!beginsWithStructsOf(update, complete)) this.cuts++
    }
    if (rest !== undefined) this.#expectNothingMore(rest)
    return complete !== undefined
  }

  #endWith(complete: Uint8Array | undefined, client: number): number {
    if (complete === undefined) return 0
    return Y.parseUpdateMeta(complete).to.get(client) ?? 0
  }

  #append(complete: Uint8Array): void {
    const scan = this.#scanner.scan(complete)
    expect(scan.hasSkips).toBe(false)
    for (let index = 0; index < scan.sectionCount; index++) {
      const client = scan.sectionClient[index] ?? 0
      expect(scan.sectionFrom[index]).toBe(this.known.get(client) ?? 0)
      this.known.set(client, scan.sectionTo[index] ?? 0)
    }
    this.appended.push(complete)
  }

  /** A split goes to the fixed point: a second one of what it held finds nothing. */
  #expectNothingMore(rest: Uint8Array): void {
    const knownOf = (client: number) => this.known.get(client) ?? 0
    const again = splitUpdate(rest, this.#scanner.scan(rest), knownOf)
    expect(again.complete).toBe(undefined)
    expect(again.rest).toEqual(rest)
    for (const { client, clock } of again.missing)
      expect(knownOf(client)).toBeLessThanOrEqual(clock)
  }
}

/** Whether every section of `part` begins where a struct of the update begins. */
function beginsWithStructsOf(update: Uint8Array, part: Uint8Array): boolean {
  const { structs } = Y.decodeUpdate(update)
  const begins = new Set(structs.map(({ id }) => `${id.client} ${id.clock}`))
  return [...Y.parseUpdateMeta(part).from].every((id) => begins.has(id.join(' ')))
}

/** All that some of the updates come to, in which Yjs has joined what was typed in a row. */
function stateAfterSome(random: Random, updates: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc({ gc: random() < 0.5 })
  const missed = random() < 0.7 ? -1 : integerBelow(random, updates.length)
  const end = updates.length - integerBelow(random, Math.min(8, updates.length))
  updates.slice(0, end).forEach((update, index) => {
    if (index !== missed) Y.applyUpdate(doc, update)
  })
  return Y.encodeStateAsUpdate(doc)
}

/**
 * What arrives: updates late, twice, merged, cut and overlapping, until each has arrived once at
 * least.
 */
function deliveries(random: Random, updates: readonly Uint8Array[], documents: readonly Y.Doc[]) {
  const window = 1 + integerBelow(random, 12)
  const sent: Uint8Array[] = []
  const inTransit: Uint8Array[] = []
  const arriving: Uint8Array[] = []
  const send = (update: Uint8Array) => {
    inTransit.splice(integerBelow(random, inTransit.length + 1), 0, update)
    while (inTransit.length > window) deliver()
  }
  const deliver = () => {
    const count = 1 + integerBelow(random, Math.min(4, inTransit.length))
    const taken = inTransit.splice(0, count)
    if (random() < 0.4 && taken.length > 1) arriving.push(Y.mergeUpdates(taken))
    else arriving.push(...taken)
    if (random() < 0.15) arriving.push(pick(random, taken))
    if (random() < 0.2) arriving.push(stateAfterSome(random, sent))
    if (random() < 0.1) {
      const stateVector = Y.encodeStateVector(pick(random, documents))
      arriving.push(Y.diffUpdate(Y.mergeUpdates(updates.filter(() => random() < 0.3)), stateVector))
    }
  }
  const late: Uint8Array[] = []
  for (const update of updates) {
    sent.push(update)
    if (random() < 0.15) late.push(update)
    else send(update)
  }
  for (const update of late) send(update)
  while (inTransit.length > 0) deliver()
  return arriving
}

function createReplica(): Y.Doc {
  const doc = new Y.Doc()
  openRoots(doc)
  // Yjs tidies formatting by deletions of its own, depending on what came in one transaction. They
  // are not in the updates, so a comparison has to do without.
  doc.on('afterTransaction', (transaction: Y.Transaction) => {
    transaction._needFormattingCleanup = false
  })
  return doc
}

function contentOf(doc: Y.Doc): unknown {
  const subdocuments = [...doc.getSubdocGuids()].sort()
  // A subdocument in the content is another object in each replica.
  const content = JSON.stringify(doc.toJSON(), (_key, value) => {
    if (typeof value === 'bigint') return `${value}n`
    return value instanceof Y.Doc ? value.guid : value
  })
  return { content: JSON.parse(content), subdocuments, text: doc.getText('text').toDelta() }
}

/**
 * Y.Doc notes for a pending struct only one of the clocks that it waits for, and so at times leaves
 * pending what it could integrate until something else arrives. This makes it look again.
 */
function integratePending(doc: Y.Doc): void {
  for (;;) {
    const pending = doc.store.pendingStructs
    if (pending === null) return
    const before = Y.encodeStateVector(doc)
    doc.store.pendingStructs = null
    Y.applyUpdateV2(doc, pending.update)
    if (Buffer.compare(before, Y.encodeStateVector(doc)) === 0) return
  }
}

test('what is admitted is what Y.Doc integrates, at every step of random histories', () => {
  let [held, cuts] = [0, 0]
  for (let seed = 1; seed <= seeds; seed++) {
    const random = createRandom(seed)
    const people = 2 + integerBelow(random, 4)
    const exchanges = 0.1 + random() * 0.5
    const gc = random() < 0.5
    const options = { people, steps: 60, exchanges, typing: 0.3, gc }
    const session = runRandomSession(random, options)
    const integrated = createReplica()
    const replayed = createReplica()
    const admission = new Admission()
    let replayedCount = 0
    for (const update of deliveries(random, session.updates, session.documents)) {
      Y.applyUpdate(integrated, update)
      integratePending(integrated)
      admission.receive(update)
      held += admission.heldCount
      for (; replayedCount < admission.appended.length; replayedCount++) {
        Y.applyUpdate(replayed, admission.appended[replayedCount] ?? new Uint8Array())
        expect(replayed.store.pendingStructs, `seed ${seed}`).toBe(null)
        expect(replayed.store.pendingDs, `seed ${seed}`).toBe(null)
      }
      const stateVector = decodeStateVector(Y.encodeStateVector(integrated))
      expect(admission.known, `seed ${seed}`).toEqual(stateVector)
      expect(contentOf(replayed), `seed ${seed}`).toEqual(contentOf(integrated))
    }
    expect(admission.heldCount, `seed ${seed}`).toBe(0)
    cuts += admission.cuts
  }
  expect(cuts).toBeGreaterThan(25)
  expect(held).toBeGreaterThan(1_000)
})
