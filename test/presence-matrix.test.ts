import { describe, expect, test } from 'vitest'
import { heartbeatMs, type LinkEnd, PresenceWorld, pongMs } from './presence-world.js'

const graceMs = 10_000
/** Messages on the way, and the time to the next flush. */
const transitMs = 60
/** How long the client has been connected when its connection ends. */
const connectedMs = 5_000

const behaviours = ['stays away', 'returns', 'returns changed', 'reloads'] as const
const ends: readonly LinkEnd[] = ['clean', 'lost', 'half-open']
const absences = [3_000, 15_000, 120_000]
const kinds = ['stock', 'extended'] as const

interface Row {
  readonly behaviour: (typeof behaviours)[number]
  readonly end: LinkEnd
  readonly absence: number
  readonly kind: (typeof kinds)[number]
}

interface Sight {
  /** Milliseconds after the end of the connection. */
  readonly after: number
  readonly text: string
}

const rows: Row[] = behaviours.flatMap((behaviour) =>
  ends.flatMap((end) =>
    absences.flatMap((absence) => kinds.map((kind) => ({ behaviour, end, absence, kind }))),
  ),
)

/** When the server holds the connection for lost, and when peers see that the client left. */
function deadlines(end: LinkEnd): { readonly lost: number; readonly left: number } {
  if (end === 'clean') return { lost: Number.POSITIVE_INFINITY, left: 0 }
  const lost = end === 'lost' ? 0 : heartbeatMs - connectedMs + pongMs
  return { lost, left: lost + graceMs }
}

/** What a peer sees of it. 1 is the client, 2 the one after a reload. */
function expectedSights({ behaviour, end, absence, kind }: Row): Sight[] {
  const { left } = deadlines(end)
  const removed = { after: left, text: 'removed 1' }
  if (behaviour === 'stays away') return [removed]
  if (behaviour === 'reloads') {
    const added = { after: absence, text: 'added 2' }
    // A client that says which tab it is needs no grace period for what it was before.
    if (absence < left && kind === 'extended') return [added, { after: absence, text: 'removed 1' }]
    return absence < left ? [added, removed] : [removed, added]
  }
  // `Awareness` calls it an update where it has known the client before.
  const updated = { after: absence, text: 'updated 1' }
  if (absence >= left) return [removed, updated]
  return behaviour === 'returns changed' ? [updated] : []
}

function expectedEvents({ behaviour, end, absence, kind }: Row): string[] {
  const { lost, left } = deadlines(end)
  const away = Number.isFinite(lost) ? ['away 1'] : []
  if (behaviour === 'stays away') return [...away, 'left 1']
  const joined = behaviour === 'reloads' ? 'joined 2' : 'joined 1'
  if (absence >= left) return [...away, 'left 1', joined]
  const awayBefore = lost < absence ? away : []
  if (behaviour === 'reloads') {
    // What was touched first comes first where both go out in one flush.
    if (kind === 'extended') return [...awayBefore, 'left 1', joined]
    return lost < absence ? [...away, joined, 'left 1'] : [joined, ...away, 'left 1']
  }
  const back = awayBefore.length > 0 ? ['back 1'] : []
  return [...awayBefore, ...back, ...(behaviour === 'returns changed' ? ['updated 1'] : [])]
}

async function play(row: Row) {
  const world = new PresenceWorld({ graceMs })
  const watchers = [
    world.participant('stock watcher', { clientID: 11 }),
    world.participant('extended watcher', { clientID: 12, isExtended: true }),
  ]
  for (const watcher of watchers) world.connect(watcher)
  await world.advance(20_000)
  const subject = world.participant('subject', { clientID: 1, isExtended: row.kind === 'extended' })
  world.connect(subject)
  await world.advance(connectedMs)
  for (const { client } of watchers) client.takeLog()
  world.events.length = 0
  const endedAt = world.now
  if (row.behaviour === 'reloads') world.reload(subject, row.end, 2)
  else world.disconnect(subject, row.end)
  if (row.behaviour === 'returns changed') subject.client.setState({ name: 'changed' })
  await world.advance(row.absence)
  const awayAtReturn = watchers.map(({ client }) => client.away.includes(1))
  if (row.behaviour !== 'stays away') world.connect(subject)
  await world.advance(transitMs)
  const subjectSees = row.behaviour === 'stays away' ? undefined : subject.client.seenIDs
  await world.advance(150_000)
  const sights = watchers.map(({ client }) =>
    client.log.map(({ at, text }) => ({ after: at - endedAt, text })),
  )
  const stillAway = watchers.map(({ client }) => client.away.length)
  world.destroy()
  return { sights, events: world.events, awayAtReturn, subjectSees, stillAway }
}

describe('what peers see of a client', () => {
  test.each(rows)('$behaviour after $absence ms, $end, $kind', async (row) => {
    const { sights, events, awayAtReturn, subjectSees, stillAway } = await play(row)
    const expected = expectedSights(row)
    for (const seen of sights) {
      expect(seen.map(({ text }) => text)).toEqual(expected.map(({ text }) => text))
      for (const [index, { after }] of seen.entries()) {
        const due = expected[index]?.after ?? Number.NaN
        expect(after).toBeGreaterThanOrEqual(due)
        expect(after).toBeLessThanOrEqual(due + transitMs)
      }
    }
    expect(events).toEqual(expectedEvents(row))
    const { lost, left } = deadlines(row.end)
    const isAway = lost < row.absence && row.absence < left
    expect(awayAtReturn).toEqual([false, isAway])
    expect(stillAway).toEqual([0, 0])
    if (subjectSees !== undefined) {
      const isOldThere = row.behaviour === 'reloads' && row.absence < left && row.kind === 'stock'
      const own = row.behaviour === 'reloads' ? [2] : [1]
      expect(subjectSees).toEqual([...(isOldThere ? [1] : []), ...own, 11, 12])
    }
  })

  test('a drop of 3 s leaves no trace in the change log of a peer', async () => {
    const { sights } = await play({
      behaviour: 'returns',
      end: 'lost',
      absence: 3_000,
      kind: 'stock',
    })
    expect(sights).toEqual([[], []])
  })
})

describe('a restart of the server', () => {
  test.each(kinds)(
    'clients with unchanged clocks see each other as soon as they are back: %s',
    async (kind) => {
      const world = new PresenceWorld()
      const people = [1, 2, 3].map((clientID) =>
        world.participant(`p${clientID}`, { clientID, isExtended: kind === 'extended' }),
      )
      for (const person of people) world.connect(person)
      await world.advance(60_000)
      // Each reconnect moves the server's clocks further from the clients' own.
      for (let index = 0; index < 50; index++) {
        for (const person of people) {
          world.disconnect(person, 'lost')
          world.connect(person)
        }
        await world.advance(500)
      }
      for (let restart = 0; restart < 3; restart++) {
        world.restart()
        await world.advance(200)
        for (const person of people) expect(person.client.seenIDs).toEqual([person.client.clientID])
        for (const person of people) world.connect(person)
        await world.advance(transitMs)
        for (const person of people) expect(person.client.seenIDs).toEqual([1, 2, 3])
      }
      world.destroy()
    },
  )
})
