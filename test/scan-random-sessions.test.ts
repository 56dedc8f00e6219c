import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { DeleteRanges } from '../protocol/delete-ranges.js'
import { CairnError } from '../protocol/errors.js'
import { splitUpdate } from '../protocol/split-update.js'
import { trimUpdate } from '../protocol/trim-update.js'
import { updateRules } from '../protocol/update-rules.js'
import { type UpdateScan, UpdateScanner } from '../protocol/update-scanner.js'
import { createRandom } from '../runtime/seeded-random.js'
import {
  deriveUpdates,
  integerBelow,
  pick,
  type Random,
  runRandomSession,
} from './random-session.js'

const scanner = new UpdateScanner()
const fuzzRounds = Number(process.env.CAIRN_FUZZ_ROUNDS ?? 30_000)

/** What a scan says, in the form in which Yjs's own functions can say the same. */
function describeScan(scan: UpdateScan) {
  const deletes = new DeleteRanges()
  deletes.addScan(scan)
  const list = <Value>(count: number, at: (index: number) => Value) =>
    Array.from({ length: count }, (_, index) => at(index))
  return {
    from: list(scan.sectionCount, (i) => [scan.sectionClient[i], scan.sectionFrom[i]]),
    to: list(scan.sectionCount, (i) => [scan.sectionClient[i], scan.sectionTo[i]]),
    structs: scan.structCount,
    hasSkips: scan.hasSkips,
    subdocuments: scan.subdocumentCount,
    rootNames: [...scan.rootNames].sort(),
    dependencies: new Map(
      list(scan.dependencyCount, (i) => [scan.dependencyClient[i], scan.dependencyClock[i]]),
    ),
    deletes: intervals(deletes),
  }
}

function intervals(deletes: DeleteRanges): Map<number, [number, number][]> {
  const byClient = new Map<number, [number, number][]>()
  deletes.forEach((client, from, to) => {
    byClient.set(client, [...(byClient.get(client) ?? []), [from, to]])
  })
  return byClient
}

function describeByYjs(update: Uint8Array) {
  const { from, to } = Y.parseUpdateMeta(update)
  const { structs, ds } = Y.decodeUpdate(update)
  const dependencies = new Map<number, number>()
  const rootNames = new Set<string>()
  for (const struct of structs) {
    if (!(struct instanceof Y.Item)) continue
    // Items that were only decoded still have a name or an id where their parent will be.
    const parent: unknown = struct.parent
    if (typeof parent === 'string') rootNames.add(parent)
    const ids = [struct.origin, struct.rightOrigin, parent instanceof Y.ID ? parent : null]
    for (const id of ids) {
      if (id === null || id.client === struct.id.client) continue
      dependencies.set(id.client, Math.max(id.clock, dependencies.get(id.client) ?? 0))
    }
  }
  const deletes = new DeleteRanges()
  for (const [client, items] of ds.clients) {
    for (const { clock, len } of items) deletes.add(client, clock, clock + len)
  }
  return {
    from: [...from],
    to: [...to],
    structs: structs.length,
    hasSkips: structs.some((struct) => struct instanceof Y.Skip),
    subdocuments: structs.filter((it) => it instanceof Y.Item && it.content instanceof Y.ContentDoc)
      .length,
    rootNames: [...rootNames].sort(),
    dependencies,
    deletes: intervals(deletes),
  }
}

function sessionUpdates(seed: number): Uint8Array[] {
  const random = createRandom(seed)
  const session = runRandomSession(random, {
    people: 2 + integerBelow(random, 3),
    steps: 40 + integerBelow(random, 60),
    gc: random() < 0.6,
  })
  return [...session.updates, ...deriveUpdates(random, session)]
}

test('whatever random sessions of all content types send is read as Yjs reads it', () => {
  let count = 0
  let withSkips = 0
  for (let seed = 1; seed <= 30; seed++) {
    for (const update of sessionUpdates(seed)) {
      const scan = scanner.scan(update)
      expect(describeScan(scan), `seed ${seed}`).toEqual(describeByYjs(update))
      count++
      if (scan.hasSkips) withSkips++
    }
  }
  expect(count).toBeGreaterThan(1_500)
  expect(withSkips).toBeGreaterThan(25)
})

test('every truncation of an update is refused with a rule', () => {
  for (const update of sessionUpdates(7).filter((it) => it.length < 400)) {
    for (let length = 0; length < update.length; length++) {
      expect(refusal(update.subarray(0, length))).toBeTypeOf('string')
    }
  }
})

/** The rule that refuses the update; undefined where it is accepted. */
function refusal(update: Uint8Array): string | undefined {
  try {
    scanner.scan(update)
    return undefined
  } catch (error) {
    if (!(error instanceof CairnError) || error.code !== 'MALFORMED_UPDATE') throw error
    expect(Object.keys(updateRules)).toContain(error.rule)
    return error.rule
  }
}

function mutate(random: Random, update: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = [...update]
  const edits = 1 + integerBelow(random, 3)
  for (let edit = 0; edit < edits; edit++) {
    const at = integerBelow(random, bytes.length)
    const length = integerBelow(random, 6)
    const from = integerBelow(random, other.length)
    const kinds = [
      () => bytes.splice(at, 1, integerBelow(random, 256)),
      () => bytes.splice(at, 1, (bytes[at] ?? 0) ^ (1 << integerBelow(random, 8))),
      () => bytes.splice(at, 1, (bytes[at] ?? 0) + (random() < 0.5 ? 1 : 255)),
      () => bytes.splice(at, 0, pick(random, [0, 1, 0x7f, 0x80, 0xff])),
      () => bytes.splice(at, length),
      () => bytes.splice(at, length, ...other.subarray(from, from + length)),
    ]
    pick(random, kinds)()
  }
  return Uint8Array.from(bytes)
}

/** The update as Yjs decodes and writes it again. */
function rewritten(update: Uint8Array): Uint8Array {
  return Y.diffUpdate(update, Uint8Array.of(0))
}

test('what mutation leaves acceptable never makes Yjs throw, and is split and trimmed soundly', () => {
  const random = createRandom(11)
  const corpus = [21, 22, 23, 24].flatMap(sessionUpdates).filter((it) => it.length < 300)
  let accepted = 0
  for (let round = 0; round < fuzzRounds; round++) {
    const update = mutate(random, pick(random, corpus), pick(random, corpus))
    if (refusal(update) !== undefined) continue
    accepted++
    expect(() => Y.decodeUpdate(update)).not.toThrow()
    const known = new Map<number, number>()
    const knownOf = (client: number): number => {
      // Something arbitrary that stays the same for each client.
      const clock = known.get(client) ?? integerBelow(random, 40)
      known.set(client, clock)
      return clock
    }
    const scan = scanner.scan(update)
    const trimmed = trimUpdate(update, scan, knownOf)
    const { complete, rest } = splitUpdate(update, scan, knownOf)
    for (const part of [trimmed, complete, rest]) {
      if (part !== undefined) expect(refusal(part)).toBe(undefined)
    }
    const byYjs = Y.diffUpdate(update, Y.encodeStateVector(known))
    expect(rewritten(trimmed)).toEqual(rewritten(byYjs))
  }
  expect(accepted).toBeGreaterThan(fuzzRounds / 20)
})
