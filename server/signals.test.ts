import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeSentSignal } from '../protocol/extension-codec.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'

let simulated: SimulatedServer

beforeEach(() => {
  simulated = new SimulatedServer({
    authenticate: ({ headers }) => ({ id: String(headers['x-user'] ?? 'ada'), access: 'read' }),
  })
})

afterEach(() => simulated.stop())

async function extended(clientID: number): Promise<Replica> {
  const replica = new Replica(clientID).connect(simulated.server, 'notes', { isExtended: true })
  await simulated.pass(100)
  replica.socket.forget()
  return replica
}

function payloads(replica: Replica): string[] {
  return replica.socket.of('signal').map((signal) => ('payload' in signal ? signal.payload : ''))
}

describe('a signal', () => {
  test('comes to the others who speak the extension, with who sent it; a reader may send', async () => {
    const alice = new Replica(1).connect(simulated.server, 'notes', { isExtended: true })
    const [bob, carol] = [await extended(2), await extended(3)]
    const stock = new Replica(4)
    await simulated.connect('notes', stock)
    const connectionId = alice.socket.of('hello')[0]?.connectionId
    for (const { socket } of [alice, stock]) socket.forget()
    alice.socket.receive(encodeSentSignal({ id: 7, payload: '{"wave":true}' }))
    await simulated.pass(100)
    const signal = { type: 'signal', connectionId, principal: 'ada', payload: '{"wave":true}' }
    expect(bob.socket.messages).toEqual([signal])
    expect(carol.socket.messages).toEqual([signal])
    expect(stock.socket.messages).toEqual([])
    expect(alice.socket.messages).toEqual([
      { type: 'signal-receipt', id: 7, reached: 2, code: '', retryAfterMs: 0 },
    ])
  })

  test('whose id is 0 has no receipt', async () => {
    const [alice, bob] = [await extended(1), await extended(2)]
    alice.socket.receive(encodeSentSignal({ id: 0, payload: 'x' }))
    await simulated.pass(100)
    expect(payloads(bob)).toEqual(['x'])
    expect(alice.socket.messages).toEqual([])
  })

  test('and another that crosses it come each to the other, and are counted so', async () => {
    const [alice, bob, carol] = [await extended(1), await extended(2), await extended(3)]
    alice.socket.receive(encodeSentSignal({ id: 1, payload: 'of alice' }))
    bob.socket.receive(encodeSentSignal({ id: 2, payload: 'of bob' }))
    await simulated.pass(100)
    expect(payloads(alice)).toEqual(['of bob'])
    expect(payloads(bob)).toEqual(['of alice'])
    expect(payloads(carol)).toEqual(['of alice', 'of bob'])
    expect(alice.socket.of('signal-receipt')).toMatchObject([{ id: 1, reached: 2 }])
    expect(bob.socket.of('signal-receipt')).toMatchObject([{ id: 2, reached: 2 }])
  })

  test('never comes to one that is behind, nor to one that joins later', async () => {
    const [alice, bob, slow] = [await extended(1), await extended(2), await extended(3)]
    slow.socket.block()
    alice.socket.receive(encodeSentSignal({ id: 1, payload: 'one' }))
    await simulated.pass(100)
    alice.socket.receive(encodeSentSignal({ id: 2, payload: 'two' }))
    await simulated.pass(100)
    slow.socket.drain()
    const late = await extended(4)
    await simulated.pass(100)
    expect(payloads(bob)).toEqual(['one', 'two'])
    expect(payloads(slow)).toEqual(['one'])
    expect(payloads(late)).toEqual([])
    expect(alice.socket.of('signal-receipt').map(({ reached }) => reached)).toEqual([2, 1])
  })

  test('of another document is none of theirs', async () => {
    const alice = await extended(1)
    const other = new Replica(2).connect(simulated.server, 'other', { isExtended: true })
    await simulated.pass(100)
    alice.socket.receive(encodeSentSignal({ id: 1, payload: 'x' }))
    await simulated.pass(100)
    expect(payloads(other)).toEqual([])
    expect(alice.socket.of('signal-receipt')).toMatchObject([{ id: 1, reached: 0 }])
  })

  test('of a stock connection is passed over', async () => {
    const bob = await extended(2)
    const stock = new Replica(1)
    await simulated.connect('notes', stock)
    stock.socket.forget()
    stock.socket.receive(encodeSentSignal({ id: 1, payload: 'x' }))
    await simulated.pass(100)
    expect(payloads(bob)).toEqual([])
    expect(stock.socket.sent).toEqual([])
    expect(stock.socket.closed).toBeUndefined()
  })
})

describe('a signal is dropped', () => {
  test('that is too large, as its bytes of UTF-8 count', async () => {
    const [alice, bob] = [await extended(1), await extended(2)]
    alice.socket.receive(encodeSentSignal({ id: 1, payload: 'ß'.repeat(8_192) }))
    alice.socket.receive(encodeSentSignal({ id: 2, payload: 'ß'.repeat(8_193) }))
    await simulated.pass(100)
    expect(payloads(bob)).toHaveLength(1)
    expect(alice.socket.of('signal-receipt')).toMatchObject([
      { id: 2, reached: 0, code: 'TOO_LARGE', retryAfterMs: 0 },
      { id: 1, reached: 1, code: '' },
    ])
  })

  test('above the rate, with the time after which the next one passes', async () => {
    const [alice, bob] = [await extended(1), await extended(2)]
    for (let id = 1; id <= 42; id++) alice.socket.receive(encodeSentSignal({ id, payload: 'x' }))
    alice.socket.receive(encodeSentSignal({ id: 0, payload: 'x' }))
    await simulated.pass(0)
    const refused = alice.socket.of('signal-receipt').filter(({ code }) => code !== '')
    expect(refused).toMatchObject([
      { id: 41, code: 'RATE', retryAfterMs: 50 },
      { id: 42, code: 'RATE', retryAfterMs: 50 },
    ])
    await simulated.pass(50)
    alice.socket.receive(encodeSentSignal({ id: 43, payload: 'again' }))
    await simulated.pass(100)
    expect(payloads(bob)).toHaveLength(41)
    expect(payloads(bob).at(-1)).toBe('again')
    expect(alice.socket.closed).toBeUndefined()
  })

  test('where those that wait fill the room of the document until the next flush', async () => {
    const small = new SimulatedServer({ limits: { documentSignalBytes: 1_000 } })
    const [alice, bob] = [1, 2].map((clientID) =>
      new Replica(clientID).connect(small.server, 'notes', { isExtended: true }),
    )
    await small.pass(100)
    const payload = 'x'.repeat(900)
    // The first takes the flush that an idle document has at once, and the next ones wait.
    for (let id = 1; id <= 3; id++) alice?.socket.receive(encodeSentSignal({ id, payload }))
    await small.pass(200)
    const receipts = alice?.socket.of('signal-receipt') ?? []
    const refused = receipts.filter(({ code }) => code === 'RATE')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]?.retryAfterMs).toBe(100)
    expect(receipts).toHaveLength(3)
    alice?.socket.receive(encodeSentSignal({ id: 4, payload }))
    await small.pass(200)
    expect(alice?.socket.of('signal-receipt').at(-1)).toMatchObject({ id: 4, reached: 1, code: '' })
    expect(bob?.socket.of('signal')).toHaveLength(4 - refused.length)
    await small.stop()
  })

  test('by no limit where limits are 0', async () => {
    const open = new SimulatedServer({ limits: { signalBytes: 0, signalsPerSecond: 0 } })
    const [alice, bob] = [1, 2].map((clientID) =>
      new Replica(clientID).connect(open.server, 'notes', { isExtended: true }),
    )
    await open.pass(100)
    for (let id = 1; id <= 100; id++) alice?.socket.receive(encodeSentSignal({ id, payload: 'x' }))
    alice?.socket.receive(encodeSentSignal({ id: 0, payload: 'x'.repeat(100_000) }))
    await open.pass(200)
    expect(bob?.socket.of('signal')).toHaveLength(101)
    await open.stop()
  })
})
