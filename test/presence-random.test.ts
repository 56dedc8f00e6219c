import { describe, expect, test } from 'vitest'
import { createRandom } from '../runtime/seeded-random.js'
import {
  heartbeatMs,
  type LinkEnd,
  type Participant,
  PresenceWorld,
  pongMs,
} from './presence-world.js'

const graceMs = 10_000
/** Everything that is under way has arrived by then, and who came back has said so. */
const slackMs = 2_000
/** Who is here is seen by then; only a client without a state of its own has to wait so long. */
const visibleMs = 1_100
const ends: readonly LinkEnd[] = ['clean', 'lost', 'half-open']

/** What a connected client sees, beside what it should: client id -> JSON. */
interface View {
  readonly name: string
  readonly seen: ReadonlyMap<number, string>
  readonly truth: ReadonlyMap<number, string>
}

function views(world: PresenceWorld): View[] {
  const { truth } = world
  return world.participants
    .filter(({ link }) => link !== undefined)
    .map(({ client, name }) => ({
      name,
      seen: mapValues(client.seen, (state) => JSON.stringify(state)),
      // Its own state is the one that it set itself, without a stamp.
      truth: mapValues(truth, ({ own, shown }, id) =>
        JSON.stringify(id === client.clientID ? own : shown),
      ),
    }))
}

function mapValues<From, To>(
  map: ReadonlyMap<number, From>,
  change: (value: From, key: number) => To,
): Map<number, To> {
  return new Map(Array.from(map, ([key, value]) => [key, change(value, key)]))
}

/** One sentence for each client that misses somebody who is here, or sees an old state of them. */
function blindness(world: PresenceWorld): string[] {
  return views(world).flatMap(({ name, seen, truth }) =>
    [...truth]
      .filter(([id, state]) => seen.get(id) !== state)
      .map(([id, state]) => `${name} sees ${seen.get(id)} of ${id}, not ${state}`),
  )
}

/** One sentence for each client that sees somebody who is gone. */
function ghosts(world: PresenceWorld): string[] {
  return views(world).flatMap(({ name, seen, truth }) =>
    [...seen.keys()].filter((id) => !truth.has(id)).map((id) => `${name} still sees ${id}`),
  )
}

function step(world: PresenceWorld, participant: Participant, random: () => number): string {
  const end = ends[Math.floor(random() * ends.length)] ?? 'lost'
  const isConnected = participant.link !== undefined
  const draw = random()
  if (draw < 0.004) {
    world.restart()
    return 'restart'
  }
  if (draw < 0.1) {
    world.reload(participant, end)
    world.connect(participant)
    return `reload ${end}`
  }
  if (!isConnected) {
    world.connect(participant)
    return 'connect'
  }
  if (draw < 0.3) {
    world.disconnect(participant, end)
    // Half of them are back at once, on a second socket.
    if (random() < 0.5) world.connect(participant)
    return end
  }
  if (draw < 0.35) {
    participant.client.setState(null)
    return 'remove'
  }
  participant.client.setState({ name: participant.name, cursor: Math.floor(random() * 1_000) })
  return 'set'
}

describe('presence after anything', () => {
  test.each([
    { seed: 1, principals: true, steps: 10_000 },
    { seed: 2, principals: false, steps: 2_000 },
    { seed: 3, principals: false, steps: 2_000 },
  ])(
    'every client sees exactly who is here within heartbeat and grace: %o',
    async ({ seed, principals, steps }) => {
      const random = createRandom(seed)
      const world = new PresenceWorld({ graceMs })
      for (let index = 0; index < 20; index++) {
        world.participant(`p${index}`, {
          // Every other one has two screens.
          ...(principals ? { principal: { id: `user${index >> 1}` } } : {}),
          isExtended: index % 3 === 0,
        })
      }
      const trail: string[] = []
      for (let index = 1; index <= steps; index++) {
        const participant = world.participants[Math.floor(random() * 20)]
        if (participant === undefined) throw new Error('there are 20 participants')
        trail.push(`${world.now} ${participant.name} ${step(world, participant, random)}`)
        await world.advance(Math.floor(random() ** 4 * 4_000))
        const where = `seed ${seed}, step ${index}\n${trail.slice(-40).join('\n')}`
        if (index % 20 === 0) {
          await world.advance(visibleMs)
          expect(blindness(world), where).toEqual([])
        }
        if (index % 250 !== 0) continue
        await world.advance(heartbeatMs + pongMs + graceMs + slackMs)
        expect([...blindness(world), ...ghosts(world)], where).toEqual([])
        expect(world.table.presentCount).toBe(world.truth.size)
      }
      world.destroy()
    },
    120_000,
  )
})
