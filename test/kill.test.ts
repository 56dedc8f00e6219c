import { expect, test } from 'vitest'
import { runKillCampaign } from '../bench/kill-campaign.js'
import { systemEnvironment } from '../runtime/system-environment.js'

const environment = systemEnvironment

test('whatever a client was shown or had acknowledged is there after kill -9, six times over', async () => {
  const rounds = await runKillCampaign({ environment, rounds: 6, seed: 3 })
  expect(rounds.map(({ losses }) => losses)).toEqual([[], [], [], [], [], []])
  expect(rounds.at(-1)?.acknowledged).toBeGreaterThan(0)
})

test('a server that keeps nothing is caught by the same campaign', async () => {
  const rounds = await runKillCampaign({ environment, rounds: 3, seed: 3, durability: 'memory' })
  expect(rounds).toHaveLength(1)
  expect(rounds[0]?.losses.length).toBeGreaterThan(0)
})
