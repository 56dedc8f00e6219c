import { parseArgs } from 'node:util'
import { systemEnvironment } from '../runtime/system-environment.js'
import { runKillCampaign } from './kill-campaign.js'

/** `npm run campaign:kill -- [--rounds 30] [--seed 1]`: exits with 1 at the first loss. */

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
  },
})
const rounds = await runKillCampaign({
  environment: systemEnvironment,
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  onRound({ round, clocks, acknowledged, losses }) {
    process.stdout.write(
      `round ${round}: ${clocks} clocks seen, ${acknowledged} frames acknowledged, ` +
        `${losses.length} losses\n`,
    )
    for (const loss of losses) process.stdout.write(`  lost: ${loss}\n`)
  },
})
const lossCount = rounds.reduce((sum, { losses }) => sum + losses.length, 0)
process.stdout.write(`${rounds.length} rounds of kill -9, ${lossCount} losses\n`)
process.exitCode = lossCount === 0 ? 0 : 1
