import { describe, expect, test } from 'vitest'
import { type Participant, PresenceWorld } from './presence-world.js'

/** Three tabs of one browser and somebody elsewhere, all connected. */
async function browser(principals: boolean) {
  const world = new PresenceWorld()
  const tabs = [1, 2, 3].map((clientID) =>
    world.participant(`tab${clientID}`, {
      clientID,
      ...(principals ? { principal: { id: `user${clientID}` } } : {}),
    }),
  )
  const remote = world.participant('remote', { clientID: 9 })
  world.joinChannel(tabs)
  for (const person of [...tabs, remote]) {
    world.connect(person)
    await world.advance(700)
  }
  return { world, tabs, remote, people: [...tabs, remote] }
}

function cursorsSeenBy(person: Participant): Record<number, unknown> {
  const states = person.client.awareness.getStates()
  return Object.fromEntries([...states].map(([id, state]) => [id, state.cursor]))
}

describe('tabs of one browser, which hear each other without the server', () => {
  test.each([true, false])('move as they would alone, with principals: %s', async (principals) => {
    const { world, tabs, remote, people } = await browser(principals)
    for (const [index, tab] of tabs.entries()) tab.client.setState({ cursor: index })
    await world.advance(100)
    for (let round = 1; round <= 200; round++) {
      for (const [index, tab] of tabs.entries()) {
        tab.client.setState({ name: tab.name, cursor: round * 10 + index })
        await world.advance(13)
      }
    }
    await world.advance(1_000)
    const expected = { 1: 2_000, 2: 2_001, 3: 2_002, 9: undefined }
    for (const person of people) expect(cursorsSeenBy(person)).toEqual(expected)
    // One message for each move, and one from each sibling that passes it on.
    expect(world.channelMessages).toBeLessThan(200 * 3 * 3 * 1.2)
    remote.client.setState({ cursor: 5 })
    await world.advance(100)
    for (const person of people) expect(cursorsSeenBy(person)).toEqual({ ...expected, 9: 5 })
    world.destroy()
  })

  test('fall silent when nobody moves', async () => {
    const { world } = await browser(false)
    await world.advance(60_000)
    const before = world.channelMessages
    await world.advance(60_000)
    // Renewals by the tabs and by the server, each passed on once.
    expect(world.channelMessages - before).toBeLessThan(100)
    world.destroy()
  })

  test('are all there again after one of them, and after the server, was gone', async () => {
    const { world, tabs, people } = await browser(true)
    const [first] = tabs
    if (first === undefined) throw new Error('there are three tabs')
    world.disconnect(first, 'lost')
    await world.advance(3_000)
    world.connect(first)
    await world.advance(1_200)
    for (const person of people) expect(person.client.seenIDs).toEqual([1, 2, 3, 9])
    world.restart()
    for (const person of people) {
      world.connect(person)
      await world.advance(300)
    }
    await world.advance(1_200)
    for (const person of people) expect(person.client.seenIDs).toEqual([1, 2, 3, 9])
    expect(
      world.table.snapshot().map(({ clientID, principal }) => [clientID, principal?.id]),
    ).toEqual(
      expect.arrayContaining([
        [1, 'user1'],
        [2, 'user2'],
        [3, 'user3'],
      ]),
    )
    world.destroy()
  })
})
