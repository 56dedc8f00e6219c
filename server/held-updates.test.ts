import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { ByteWriter } from '../protocol/byte-writer.js'
import { encodeUpdate } from '../protocol/codec.js'
import { idleWorker } from '../test/inline-worker.js'
import { clocksUpdate, deletesOfClients } from '../test/made-updates.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'
import type { Author } from './author.js'
import { type HeldUpdate, HeldUpdates, type MissingClock } from './held-updates.js'

const author: Author = {
  id: 'a',
  principal: { id: '', access: 'write' },
  queued: () => undefined,
  committed: () => undefined,
  askForMissing: () => undefined,
  refuse: () => undefined,
}

function held(missing: readonly MissingClock[], bytes = 10): HeldUpdate {
  return { author, receipt: undefined, update: new Uint8Array(bytes), missing, heldAt: 0 }
}

describe('held updates', () => {
  const updates = (): HeldUpdates => new HeldUpdates()

  test('go on when one of the clocks that they miss is known, and no others', () => {
    const all = updates()
    const [first, second] = [held([{ client: 1, clock: 5 }]), held([{ client: 2, clock: 0 }])]
    all.add(first)
    all.add(second)
    all.advance([1, 0, 5])
    expect(all.takeReady()).toEqual([])
    all.advance([3, 0, 9, 1, 5, 6])
    expect(all.takeReady()).toEqual([first])
    expect(all.takeReady()).toEqual([])
    expect([all.count, all.bytes]).toEqual([1, 10])
    all.advance([2, 0, 1])
    expect(all.takeReady()).toEqual([second])
    expect([all.count, all.bytes]).toEqual([0, 0])
  })

  test('that left for another reason do not go on', () => {
    const all = updates()
    all.add(held([{ client: 1, clock: 0 }]))
    all.advance([1, 0, 1])
    expect(all.takeFrom(author)).toHaveLength(1)
    all.add(held([{ client: 1, clock: 7 }]))
    expect(all.takeHeldBefore(1)).toHaveLength(1)
    all.advance([1, 1, 8])
    expect(all.takeReady()).toEqual([])
  })

  test('that wait for very many go on at the next renewal after something came', () => {
    const all = updates()
    const clients = Array.from({ length: 5_000 }, (_, client) => ({ client, clock: 0 }))
    all.add(held(clients))
    all.renew()
    expect(all.takeReady()).toEqual([])
    all.advance([4_000, 0, 1])
    expect(all.takeReady()).toEqual([])
    all.renew()
    expect(all.takeReady()).toHaveLength(1)
  })

  test('that were handed out too often wait for the next renewal', () => {
    const all = updates()
    const large = held([{ client: 1, clock: 0 }], 1_000_000)
    const tries = (): number => {
      for (let count = 0; ; count++) {
        all.add(large)
        all.advance([1, 0, 1])
        const isTaken = all.takeReady().length > 0
        if (!isTaken) return count
      }
    }
    expect(tries()).toBe(5)
    all.renew()
    expect(all.takeReady()).toEqual([large])
    expect(tries()).toBe(4)
  })
})

describe('what one left costs the others nothing', () => {
  let simulated: SimulatedServer

  beforeEach(() => {
    simulated = new SimulatedServer({ documentWorker: idleWorker })
  })

  afterEach(() => simulated.stop())

  test('however many clients it waits for', async () => {
    const [mallory, alice] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', mallory, alice)
    const strangers = Array.from({ length: 170_000 }, (_, at) => 100 + at)
    mallory.socket.receive(encodeUpdate(deletesOfClients(strangers)))
    await simulated.pass(10)
    // Where each walks all that is waited for they take minutes.
    const empty = encodeUpdate(Uint8Array.of(0, 0))
    for (let count = 0; count < 50_000; count++) alice.socket.receive(empty)
    alice.type('hello')
    await simulated.pass(100)
    expect(mallory.socket.closed).toBeUndefined()
    const bob = new Replica(3)
    await simulated.connect('notes', bob)
    expect(bob.text).toBe('hello')
  })

  test('however often a little of its past arrives', async () => {
    const [mallory, alice] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', mallory, alice)
    const count = 60_000
    mallory.socket.receive(encodeUpdate(chain(7, 8, count)))
    // Where each has the whole rest looked through again this takes minutes.
    for (let clock = 0; clock < 10_000; clock++) {
      alice.socket.receive(encodeUpdate(clocksUpdate(8, clock, clock + 1)))
    }
    await simulated.pass(5_000)
    alice.socket.receive(encodeUpdate(clocksUpdate(8, 10_000, count)))
    await simulated.pass(5_000)
    expect([mallory, alice].map((one) => one.socket.closed)).toEqual([undefined, undefined])
    const bob = new Replica(3)
    await simulated.connect('notes', bob)
    expect(Y.getState(bob.doc.store, 7)).toBe(count)
  })
})

/** Clocks of `client`, each of which builds on the same clock of `other`. */
function chain(client: number, other: number, count: number): Uint8Array {
  const writer = new ByteWriter(count * 8)
  for (const value of [1, count, client, 0]) writer.writeVarUint(value)
  for (let clock = 0; clock < count; clock++) {
    // A deleted item of one clock, with an origin.
    writer.writeByte(0x81)
    for (const value of [other, clock, 1]) writer.writeVarUint(value)
  }
  writer.writeVarUint(0)
  return writer.finish()
}
