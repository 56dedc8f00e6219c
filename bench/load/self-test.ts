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

const base: LoadPlan = { ...defaultPlan, editors: 10, observers: 90, durationMs: 5_000, rampMs: 0 }

const loads: readonly (readonly [string, LoadPlan])[] = [
  ['100 clients, 10 writers at 10/s: one message in each packet', { ...base, rate: 10 }],
  ['the same as fast as the relay can', { ...base, rate: undefined, editsEach: 300 }],
  ['1 writer to 1 reader, messages joined in packets', single()],
]

function single(): LoadPlan {
  return { ...base, editors: 1, observers: 1, rate: undefined, editsEach: 60_000 }
}

/**
 * Loads a bare relay, which does nothing but pass bytes on. What the load side uses for a delivery
 * there says how many it could count before it, and not a server, were the limit.
 */
export async function runSelfTest(
  environment: Environment,
  say: (line: string) => void,
): Promise<readonly SelfTestRow[]> {
  const rows: SelfTestRow[] = []
  for (const [name, plan] of loads) {
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
