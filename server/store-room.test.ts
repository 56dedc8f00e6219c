import { afterEach, describe, expect, test } from 'vitest'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'

let simulated: SimulatedServer

afterEach(() => simulated.stop())

function start(uncommittedBytes: number): void {
  simulated = new SimulatedServer({ limits: { uncommittedBytes } })
}

describe('while the store is slow', () => {
  test('large updates beyond uncommittedBytes are refused, and small ones are not', async () => {
    start(1_000_000)
    const [heavy, heavier, typist] = [new Replica(1), new Replica(2), new Replica(3)]
    await simulated.connect('large', heavy)
    await simulated.connect('notes', heavier, typist)
    simulated.store.hold()
    heavy.type('x'.repeat(700_000))
    heavier.type('y'.repeat(700_000))
    typist.type('a word')
    await simulated.pass(100)
    expect(heavier.socket.closed).toMatchObject({ code: 4529 })
    expect(heavier.socket.closed?.reason).toMatch(/^RATE/)
    expect(typist.socket.closed).toBeUndefined()
    simulated.store.release()
    await simulated.pass()
    expect(heavy.socket.closed).toBeUndefined()
    await simulated.connect('notes', heavier)
    await simulated.pass()
    expect(typist.text).toContain('a word')
    expect(typist.text).toHaveLength(700_006)
  })

  test('one that is larger than uncommittedBytes passes when nothing waits', async () => {
    start(100_000)
    const [heavy, reader] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', heavy, reader)
    heavy.type('x'.repeat(700_000))
    await simulated.pass()
    expect(heavy.socket.closed).toBeUndefined()
    expect(reader.text).toHaveLength(700_000)
  })

  test('0 is no limit', async () => {
    start(0)
    const [heavy, heavier] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', heavy, heavier)
    simulated.store.hold()
    heavy.type('x'.repeat(700_000))
    heavier.type('y'.repeat(700_000))
    await simulated.pass(100)
    simulated.store.release()
    await simulated.pass()
    expect([heavy, heavier].map(({ socket }) => socket.closed)).toEqual([undefined, undefined])
  })
})
