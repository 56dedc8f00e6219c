import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeUpdate } from '../protocol/codec.js'
import { createRandom } from '../runtime/seeded-random.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'

let simulated: SimulatedServer

afterEach(() => simulated.stop())

/** Updates of several writers who hear of each other now and then: a history with real dependencies. */
function history(random: () => number): Uint8Array[] {
  const updates: Uint8Array[] = []
  const writers = Array.from({ length: 4 }, (_, i) => {
    const doc = new Y.Doc()
    doc.clientID = 100 + i
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'exchange') updates.push(update)
    })
    return doc
  })
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[Math.floor(random() * items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
  for (let step = 0; step < 60; step++) {
    const writer = pick(writers)
    const text = writer.getText('text')
    const dice = random()
    if (dice < 0.5) text.insert(Math.floor(random() * (text.length + 1)), `${step}.`)
    else if (dice < 0.7 && text.length > 2) {
      text.delete(Math.floor(random() * (text.length - 2)), 2)
    } else if (dice < 0.8) writer.getMap('map').set(`key${Math.floor(random() * 3)}`, step)
    else Y.applyUpdate(writer, Y.encodeStateAsUpdate(pick(writers)), 'exchange')
  }
  return updates
}

/** Some are lost, some come late, some come twice, some come merged. */
function deliveries(updates: readonly Uint8Array[], random: () => number): Uint8Array[] {
  const kept = updates.filter(() => random() > 0.1)
  const late = kept.map((update, i) => ({ update, at: i + (random() < 0.3 ? random() * 20 : 0) }))
  late.sort((a, b) => a.at - b.at)
  const result: Uint8Array[] = []
  for (const { update } of late) {
    const last = result.at(-1)
    if (last !== undefined && random() < 0.2)
      result[result.length - 1] = Y.mergeUpdates([last, update])
    else result.push(update)
    if (random() < 0.1) result.push(update)
  }
  return result
}

describe('admission', () => {
  for (let seed = 1; seed <= 40; seed++) {
    test(`stores what a Y.Doc would integrate, after every frame (seed ${seed})`, async () => {
      const random = createRandom(seed)
      simulated = new SimulatedServer({ limits: { syncIntervalMs: 0 } })
      const [source, observer] = [new Replica(1), new Replica(2)]
      await simulated.connect('notes', source, observer)
      const reference = new Y.Doc()
      const updates = history(random)
      for (const update of [...deliveries(updates, random), ...updates]) {
        Y.applyUpdate(reference, update)
        source.socket.receive(encodeUpdate(update))
        await simulated.pass(50)
        expect(observer.doc.store.pendingStructs).toBeNull()
        expect(observer.doc.store.pendingDs).toBeNull()
        expect(Y.encodeStateVector(observer.doc)).toEqual(Y.encodeStateVector(reference))
      }
      expect(source.socket.closed).toBeUndefined()
      expect(observer.doc.getText('text').toString()).toBe(reference.getText('text').toString())
      expect(observer.doc.getMap('map').toJSON()).toEqual(reference.getMap('map').toJSON())
      const fresh = new Replica(3)
      await simulated.connect('notes', fresh)
      expect(Y.encodeStateVector(fresh.doc)).toEqual(Y.encodeStateVector(reference))
      expect(Y.encodeSnapshot(Y.snapshot(fresh.doc))).toEqual(
        Y.encodeSnapshot(Y.snapshot(reference)),
      )
    })
  }
})
