import { expect, test } from 'vitest'
import { inlineWorker } from '../test/inline-worker.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'
import { Visitor } from '../test/visitor.js'

/** Types until a snapshot has taken the place of what a connection that lags is owed. */
async function typeUntilCompacted(simulated: SimulatedServer, typist: Replica): Promise<void> {
  for (let through = 0; through < 2; ) {
    for (let i = 0; i < 300; i++) typist.type('x')
    await simulated.pass(100)
    through = (await simulated.store.stat('notes'))?.snapshotThrough ?? 0
  }
}

test.each([false, true])(
  'who fell too far behind and starts over is told who has gone meanwhile (extended: %s)',
  async (isExtended) => {
    const simulated = new SimulatedServer({
      documentWorker: inlineWorker,
      presence: { graceMs: 0 },
    })
    const typist = new Replica(9)
    await simulated.connect('notes', typist)
    const slow = new Visitor(simulated, 1, { name: 'slow', isExtended })
    const staying = new Visitor(simulated, 2, { name: 'staying' })
    const leaving = new Visitor(simulated, 3, { name: 'leaving' })
    for (const visitor of [slow, staying, leaving]) await visitor.enter()
    await simulated.pass(2_000)
    expect(slow.sees).toEqual(['leaving', 'slow', 'staying'])
    slow.socket?.block()
    typist.type('so that it lags')
    await simulated.pass(100)
    leaving.leave(1000)
    await typeUntilCompacted(simulated, typist)
    slow.socket?.forget()
    slow.socket?.drain()
    await simulated.pass(2_000)
    // It got a whole answer, and not what it had been owed.
    expect(slow.socket?.of('sync-step-2')).toHaveLength(1)
    expect(slow.sees).toEqual(['slow', 'staying'])
    for (const visitor of [slow, staying, leaving]) visitor.destroy()
    await simulated.stop()
  },
)
