import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeSyncStep1 } from '../protocol/codec.js'
import { encodeStateVector } from '../protocol/state-vector.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'
import { readPosition, writePosition } from './position.js'

let simulated: SimulatedServer

beforeEach(() => {
  simulated = new SimulatedServer()
})

afterEach(() => simulated.stop())

async function extended(clientID: number): Promise<Replica> {
  const replica = new Replica(clientID).connect(simulated.server, 'notes', { isExtended: true })
  await simulated.pass(100)
  return replica
}

function types(replica: Replica): string[] {
  return replica.socket.messages.map((message) => message.type)
}

function sequenceOf(position: Uint8Array | undefined): number | undefined {
  return position && readPosition(position)?.sequence
}

describe('the bytes of a position', () => {
  test.each([0, 1, 127, 128, 300, 2 ** 40])('hold check and sequence %d', (sequence) => {
    const position = { sequence, check: 0xfffffffe }
    expect(readPosition(writePosition(position))).toEqual(position)
  })

  test.each([[[]], [[1, 2, 3, 4]], [[1, 2, 3, 4, 0x80]], [[1, 2, 3, 4, 1, 0]]])(
    'that are %j are none of ours',
    (bytes) => {
      expect(readPosition(Uint8Array.from(bytes))).toBeUndefined()
    },
  )
})

describe('a flush that brings records', () => {
  test('ends with where an extended connection now stands', async () => {
    const alice = await extended(1)
    const bob = await extended(2)
    bob.socket.forget()
    alice.type('a').type('b')
    await simulated.pass(100)
    expect(types(bob)).toEqual(['update', 'update', 'position'])
    expect(sequenceOf(bob.socket.of('position')[0]?.position)).toBe(2)
  })

  test('says it to an author by the acknowledgement alone', async () => {
    const alice = await extended(1)
    alice.type('a')
    await simulated.pass(100)
    alice.socket.forget()
    alice.type('b')
    await simulated.pass(100)
    expect(types(alice)).toEqual(['acknowledge'])
    expect(sequenceOf(alice.socket.of('acknowledge')[0]?.position)).toBe(2)
  })

  test('says it to an author whose acknowledgement waits for something else', async () => {
    const alice = await extended(1)
    const bob = await extended(2)
    bob.type('b')
    await simulated.pass(100)
    // Held for its past, so nothing behind it is acknowledged.
    alice.socket.receive(Uint8Array.of(0, 2, 10, 1, 1, 9, 1, 0x84, 9, 0, 1, 120, 0))
    alice.socket.forget()
    alice.type('a')
    await simulated.pass(100)
    expect(alice.socket.of('acknowledge')).toEqual([])
    expect(sequenceOf(alice.socket.of('position').at(-1)?.position)).toBe(2)
  })

  test('tells the epoch once, to those who came before the first write', async () => {
    const [alice, bob] = [await extended(1), await extended(2)]
    expect(bob.socket.of('hello')[0]?.epoch).toHaveLength(0)
    bob.socket.forget()
    alice.socket.forget()
    alice.type('a')
    await simulated.pass(100)
    alice.type('b')
    await simulated.pass(100)
    const epoch = (await simulated.store.stat('notes'))?.epoch
    expect(bob.socket.of('position').map((message) => message.epoch)).toEqual([
      epoch,
      new Uint8Array(0),
    ])
    // An acknowledgement has no room for an epoch.
    expect(types(alice)).toEqual(['position', 'acknowledge', 'acknowledge'])
    expect(alice.socket.of('position')[0]?.epoch).toEqual(epoch)
    const carol = await extended(3)
    expect(carol.socket.of('hello')[0]?.epoch).toEqual(epoch)
    expect(carol.socket.of('position')[0]?.epoch).toHaveLength(0)
  })

  test('is put once for all who speak the extension, and has nothing more for stock clients', async () => {
    const alice = await extended(1)
    alice.type('a')
    const [bob, carol] = [await extended(2), await extended(3)]
    const stock = new Replica(4)
    await simulated.connect('notes', stock)
    for (const { socket } of [bob, carol, stock]) socket.forget()
    alice.type('b')
    await simulated.pass(100)
    expect(types(bob)).toEqual(['update', 'position'])
    expect(bob.socket.sent[1]).toBe(carol.socket.sent[1])
    expect(types(stock)).toEqual(['update'])
    expect([bob, carol, stock].map(({ socket }) => socket.writes)).toEqual([1, 1, 1])
  })

  test('without records says no position', async () => {
    const [alice, bob] = [await extended(1), await extended(2)]
    bob.socket.forget()
    alice.socket.receive(Uint8Array.of(1, 7, 1, 1, 1, 3, 0x7b, 0x20, 0x7d))
    await simulated.pass(2_000)
    expect(new Set(types(bob))).toEqual(new Set(['awareness']))
  })
})

describe('an extended connection is told where it stands', () => {
  test('behind the answer to its sync step 1', async () => {
    const stock = new Replica(1)
    await simulated.connect('notes', stock)
    stock.type('a')
    await simulated.pass(100)
    const bob = await extended(2)
    expect(types(bob)).toEqual([
      'hello',
      'update',
      'sync-step-2',
      'sync-step-1',
      'position',
      'acknowledge',
    ])
    expect(sequenceOf(bob.socket.of('position')[0]?.position)).toBe(1)
    await simulated.pass(1_000)
    bob.socket.forget()
    bob.socket.receive(encodeSyncStep1(encodeStateVector(new Map([[1, 1]]))))
    await simulated.pass(100)
    expect(types(bob)).toEqual(['sync-step-2', 'sync-step-1', 'position', 'acknowledge'])
  })

  test('when it has caught up', async () => {
    const [alice, slow] = [await extended(1), await extended(2)]
    slow.socket.block()
    alice.type('a')
    await simulated.pass(100)
    slow.socket.forget()
    alice.type('b')
    await simulated.pass(100)
    expect(types(slow)).toEqual([])
    slow.socket.drain()
    expect(types(slow)).toEqual(['update', 'position'])
    expect(sequenceOf(slow.place?.position)).toBe(2)
  })
})

test('a stock connection is sent no message of the extension', async () => {
  const [alice, stock] = [await extended(1), new Replica(2)]
  await simulated.connect('notes', stock)
  alice.type('a')
  await simulated.pass(100)
  stock.socket.block()
  alice.type('b')
  await simulated.pass(100)
  alice.type('c')
  await simulated.pass(100)
  stock.socket.drain()
  await simulated.pass(30_000)
  expect(stock.text).toBe('abc')
  expect(stock.socket.sent.filter((message) => (message[0] ?? 0) >= 100)).toEqual([])
})
