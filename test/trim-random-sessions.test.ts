import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { decodeStateVector } from '../protocol/state-vector.js'
import { trimUpdate } from '../protocol/trim-update.js'
import { UpdateScanner } from '../protocol/update-scanner.js'
import { createRandom } from '../runtime/seeded-random.js'
import {
  deriveUpdates,
  integerBelow,
  openRoots,
  pick,
  type Random,
  runRandomSession,
} from './random-session.js'

const seeds = Number(process.env.CAIRN_FUZZ_SEEDS ?? 25)
const scanner = new UpdateScanner()

type Known = ReadonlyMap<number, number>

function trim(update: Uint8Array, known: Known): Uint8Array {
  const trimmed = trimUpdate(update, scanner.scan(update), (client) => known.get(client) ?? 0)
  const scan = scanner.scan(trimmed)
  for (let index = 0; index < scan.sectionCount; index++) {
    const knownEnd = known.get(scan.sectionClient[index] ?? 0) ?? 0
    expect(scan.sectionFrom[index]).toBeGreaterThanOrEqual(knownEnd)
  }
  return trimmed
}

/** The update as Yjs decodes and writes it again, from `known` on. */
function rewritten(update: Uint8Array, known: Known = new Map()): Uint8Array {
  return Y.diffUpdate(update, Y.encodeStateVector(new Map(known)))
}

/** Ends of clocks inside, below and above what the update has of some of its clients. */
function randomKnown(random: Random, update: Uint8Array): Known {
  const { from, to } = Y.parseUpdateMeta(update)
  const known = new Map<number, number>()
  for (const [client, start] of from) {
    const length = (to.get(client) ?? start) - start
    if (random() < 0.8) known.set(client, start + integerBelow(random, length + 2))
  }
  return known
}

/** How many structs of what was trimmed begin where none began before. */
function countCuts(update: Uint8Array, trimmed: Uint8Array): number {
  const nameOf = ({ id }: { readonly id: Y.ID }) => `${id.client} ${id.clock}`
  const names = new Set(Y.decodeUpdate(update).structs.map(nameOf))
  return Y.decodeUpdate(trimmed).structs.filter((struct) => !names.has(nameOf(struct))).length
}

/** Types and subdocuments, which are not to be read outside a document. */
function isYjsObject(value: unknown): boolean {
  return value instanceof Y.AbstractType || value instanceof Y.Doc
}

/** What of two updates is the same, in the form in which a failure is best read. */
function describeStructs(update: Uint8Array) {
  const { structs, ds } = Y.decodeUpdate(update)
  return {
    structs: structs.map((struct) => {
      const { id, length } = struct
      if (!(struct instanceof Y.Item)) return { kind: struct.constructor, id, length }
      const { origin, rightOrigin, parent, parentSub, content } = struct
      const kind = content.constructor
      const values = content.getContent().filter((value) => !isYjsObject(value))
      return { kind, id, length, origin, rightOrigin, parent, parentSub, values }
    }),
    deletes: ds.clients,
  }
}

test('random updates of all content types are trimmed as Y.diffUpdate does it', () => {
  let cuts = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const random = createRandom(seed)
    const options = { people: 3, steps: 60, typing: 0.2, gc: random() < 0.5 }
    const session = runRandomSession(random, options)
    for (const update of [...session.updates, ...deriveUpdates(random, session)]) {
      const known = randomKnown(random, update)
      const trimmed = trim(update, known)
      const byYjs = Y.diffUpdate(update, Y.encodeStateVector(new Map(known)))
      expect(describeStructs(trimmed), `seed ${seed}`).toEqual(describeStructs(byYjs))
      expect(rewritten(trimmed), `seed ${seed}`).toEqual(rewritten(byYjs))
      cuts += countCuts(update, trimmed)
    }
  }
  expect(cuts).toBeGreaterThan(seeds * 20)
})

/**
 * A replica that has clocks of the document up to `known`, as far as they hold together, and knows
 * of all deletions in them or of none. Yjs collects what they delete.
 */
function encodePart(source: Y.Doc, known: Known, hasDeletes: boolean): Uint8Array {
  const deletes = hasDeletes ? Y.createDeleteSetFromStructStore(source.store) : Y.createDeleteSet()
  const clocks = new Map<number, number>()
  for (const [client, clock] of known) {
    clocks.set(client, Math.min(clock, Y.getState(source.store, client)))
  }
  const part = Y.createDocFromSnapshot(source, Y.createSnapshot(deletes, clocks))
  part.store.pendingStructs = null
  part.store.pendingDs = null
  return Y.encodeStateAsUpdate(part)
}

function replicaOf(update: Uint8Array, gc: boolean): Y.Doc {
  const doc = new Y.Doc({ gc })
  openRoots(doc)
  Y.applyUpdate(doc, update)
  return doc
}

test('a replica that has what was left out takes the rest as it takes the whole', () => {
  let [cuts, collected] = [0, 0]
  for (let seed = 1; seed <= seeds; seed++) {
    const random = createRandom(seed)
    const options = { people: 3, steps: 60, typing: 0.2, gc: false }
    const { documents } = runRandomSession(random, options)
    for (let round = 0; round < 5; round++) {
      const whole = Y.encodeStateAsUpdate(pick(random, documents))
      const source = replicaOf(whole, false)
      const part = encodePart(source, randomKnown(random, whole), random() < 0.7)
      const [one, other] = [replicaOf(part, true), replicaOf(part, true)]
      const known = decodeStateVector(Y.encodeStateVector(one))
      const trimmed = trim(whole, known)
      Y.applyUpdate(one, whole)
      Y.applyUpdate(other, trimmed)
      expect(other.store.pendingStructs).toBe(null)
      expect(Y.encodeStateAsUpdate(other), `seed ${seed}`).toEqual(Y.encodeStateAsUpdate(one))
      cuts += countCuts(whole, trimmed)
      for (const structs of one.store.clients.values())
        collected += structs.filter((struct) => struct instanceof Y.GC).length
    }
  }
  expect(cuts).toBeGreaterThan(seeds * 3)
  expect(collected).toBeGreaterThan(seeds * 10)
})
