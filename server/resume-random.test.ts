import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { memoryStore } from '../persistence/memory-store.js'
import { createRandom } from '../runtime/seeded-random.js'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { inlineWorker } from '../test/inline-worker.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'

/** Clients that come and go with what they have, over compactions and restarts of the server. */
class Sessions {
  /** How many answers were what came since the client's place, and how many were asked for. */
  resumed = 0
  asked = 0
  readonly #random: () => number
  readonly #environment = new SimulatedEnvironment()
  readonly #store = memoryStore({ environment: this.#environment })
  readonly #replicas = [1, 2, 3].map((clientID) => new Replica(clientID))
  #simulated = this.#start()
  #observers = 0

  constructor(seed: number) {
    this.#random = createRandom(seed)
  }

  async run(steps: number): Promise<void> {
    for (const replica of this.#replicas) await this.#comeBack(replica)
    for (let step = 0; step < steps; step++) await this.#step()
    for (const replica of this.#replicas) await this.#comeBack(replica)
    for (const replica of this.#replicas) await this.#expectEqual(replica)
    await this.#simulated.stop()
  }

  async #step(): Promise<void> {
    const dice = this.#random()
    const replica = this.#pick(this.#replicas)
    if (dice < 0.55) this.#edit(replica)
    else if (dice < 0.7) replica.socket.disconnect()
    else if (dice < 0.88) await this.#comeBack(replica)
    else if (dice < 0.91) await this.#restart()
    else await this.#leaveAlone()
    await this.#simulated.pass(Math.floor(this.#random() * 80))
  }

  #edit({ doc }: Replica): void {
    const text = doc.getText('text')
    const dice = this.#random()
    if (dice < 0.4) text.insert(Math.floor(this.#random() * (text.length + 1)), 'abc')
    else if (dice < 0.7 && text.length > 3) {
      text.delete(Math.floor(this.#random() * (text.length - 2)), 2)
    } else if (dice < 0.9) doc.getMap('map').set(this.#pick(['a', 'b']), this.#random())
    else for (let i = 0; i < 120; i++) text.insert(text.length, 'z')
  }

  /** With the place that it was told last, whatever was sent and never came. */
  async #comeBack(replica: Replica): Promise<void> {
    const { place } = replica
    const isExtended = true
    replica.connect(this.#simulated.server, 'notes', { isExtended, resumeFrom: place })
    await this.#simulated.pass(50)
    if (place === undefined) return
    this.asked++
    const stat = await this.#store.stat('notes')
    const answer = replica.socket.of('sync-step-2')[0]
    const updates = replica.socket.messages.findIndex(({ type }) => type === 'sync-step-2') - 1
    const whole = (stat?.tailRecords ?? 0) + (stat?.snapshotThrough === 0 ? 0 : 1)
    if (answer?.update.byteLength === 2 && updates < whole) this.resumed++
    await this.#expectEqual(replica)
  }

  /** A client that is there has what one gets that knows nothing. */
  async #expectEqual(replica: Replica): Promise<void> {
    const fresh = new Replica(100 + this.#observers++)
    await this.#simulated.connect('notes', fresh)
    await this.#simulated.pass(50)
    const isEqual = Y.equalSnapshots(Y.snapshot(replica.doc), Y.snapshot(fresh.doc))
    expect(isEqual).toBe(true)
    expect(replica.text).toBe(fresh.text)
    expect(replica.doc.getMap('map').toJSON()).toEqual(fresh.doc.getMap('map').toJSON())
    fresh.socket.disconnect()
  }

  async #restart(): Promise<void> {
    await this.#simulated.stop()
    this.#simulated = this.#start()
  }

  /** Until the document is compacted and forgotten. */
  async #leaveAlone(): Promise<void> {
    for (const { socket } of this.#replicas) socket.disconnect()
    await this.#simulated.pass(25_000)
  }

  #start(): SimulatedServer {
    const [environment, store] = [this.#environment, this.#store]
    return new SimulatedServer({ environment, store, documentWorker: inlineWorker })
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)]
    if (item === undefined) throw new Error('there is nothing to pick from')
    return item
  }
}

test('a client that resumes has what one has that synced fully, wherever it was lost', async () => {
  let [resumed, asked] = [0, 0]
  for (let seed = 1; seed <= 30; seed++) {
    const sessions = new Sessions(seed)
    await sessions.run(120)
    resumed += sessions.resumed
    asked += sessions.asked
  }
  // Both ways are taken often enough to say something.
  expect(resumed).toBeGreaterThan(asked / 3)
  expect(asked - resumed).toBeGreaterThan(30)
}, 60_000)
