import type { Environment } from '../../runtime/environment.js'
import { relayPeer } from '../peers/peer-list.js'
import { defaultPlan, type LoadPlan } from './load-plan.js'
import type { LoadReport } from './load-report.js'
import { runLoad } from './load-run.js'

/** What the load side can do by itself. */
export interface SelfTestRow {
  readonly name: string
  readonly report: LoadReport
  /** Deliveries a second at which one process that makes load would use a whole core. */
  readonly limit: number
}

/** Beyond this a figure gets no better. */
const longestMs = 5_000

/** @param durationMs how long each may take, where the relay does not decide that */
function loadsOf(durationMs: number): readonly (readonly [string, LoadPlan])[] {
  const share = durationMs / longestMs
  const base: LoadPlan = { ...defaultPlan, editors: 10, observers: 90, durationMs, rampMs: 0 }
  const blast: LoadPlan = { ...base, rate: undefined, editsEach: Math.ceil(300 * share) }
  return [
    ['100 clients, 10 writers at 10/s: one message in each packet', { ...base, rate: 10 }],
    ['the same as fast as the relay can', blast],
    [
      '1 writer to 1 reader, messages joined in packets',
      { ...blast, editors: 1, observers: 1, editsEach: Math.ceil(60_000 * share) },
    ],
  ]
}

/**
 * Loads a bare relay, which does nothing but pass bytes on. What the load side uses for a delivery
 * there says how many it could count before it, and not a server, were the limit.
 */
export async function runSelfTest(
  environment: Environment,
  durationMs: number,
  say: (line: string) => void,
): Promise<readonly SelfTestRow[]> {
  const rows: SelfTestRow[] = []
  for (const [name, plan] of loadsOf(Math.min(durationMs, longestMs))) {
    say(name)
    const relay = await relayPeer.start(environment, '')
    try {
      const { target, pid } = relay
      const title = `Self-test: ${name}`
      const report = await runLoad({ environment, plan, target, pid, title, server: 'bare relay' })
      rows.push({ name, report, limit: 1e6 / report.loadCpuUsPerDelivery })
    } finally {
      await relay.stop()
    }
  }
  return rows
}
