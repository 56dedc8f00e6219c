import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Environment } from '../../runtime/environment.js'
import type { LoadReport } from '../load/load-report.js'
import { runLoad } from '../load/load-run.js'
import { describeMachine, type Machine } from '../load/machine.js'
import { type ColdOpen, measureColdOpen } from './cold-open.js'
import type { Peer } from './peer.js'
import type { Scenario } from './scenario.js'

export const coldOpenId = 'cold-open'

/** What one server came to in one scenario, over all rounds. */
export interface PeerOutcome {
  readonly peer: Peer
  readonly reports: readonly LoadReport[]
  readonly opens: readonly ColdOpen[]
  /** Why it has no part in the scenario, or what went wrong; undefined where all went well. */
  readonly remark: string | undefined
}

export interface ScenarioOutcome {
  readonly id: string
  readonly outcomes: readonly PeerOutcome[]
}

export interface Comparison {
  readonly startedAt: string
  readonly machine: Machine
  readonly rounds: number
  readonly seconds: number
  readonly scenarios: readonly ScenarioOutcome[]
  /** Servers that could not run here, and exactly why. */
  readonly absent: readonly (readonly [name: string, reason: string])[]
}

export interface ComparisonOptions {
  readonly environment: Environment
  readonly peers: readonly Peer[]
  readonly scenarios: readonly Scenario[]
  readonly hasColdOpen: boolean
  readonly rounds: number
  readonly seconds: number
  readonly absent: Comparison['absent']
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

interface Collected {
  readonly reports: LoadReport[]
  readonly opens: ColdOpen[]
  remark: string | undefined
}

/**
 * Gives every server the same loads, one server after another, and all of it again in each round, so
 * that what the machine does meanwhile does not hit one server alone.
 */
export async function comparePeers(options: ComparisonOptions): Promise<Comparison> {
  const { environment, peers, scenarios, hasColdOpen, rounds, seconds, absent, say } = options
  const startedAt = new Date(environment.wallClock()).toISOString()
  const machine = describeMachine()
  const ids = [...scenarios.map(({ id }) => id), ...(hasColdOpen ? [coldOpenId] : [])]
  const table = new Map(ids.map((id) => [id, new Map<Peer, Collected>()]))
  for (let round = 1; round <= rounds; round++) {
    for (const id of ids) {
      for (const peer of peers) {
        if (options.signal.aborted) throw new Error('the comparison was stopped')
        say(`round ${round} of ${rounds}: ${id}, ${peer.name}`)
        const row = table.get(id) ?? new Map<Peer, Collected>()
        const collected = row.get(peer) ?? { reports: [], opens: [], remark: undefined }
        row.set(peer, collected)
        const scenario = scenarios.find((one) => one.id === id)
        await measure(peer, scenario, collected, environment)
      }
    }
  }
  const outcomes = ids.map((id) => ({
    id,
    outcomes: [...(table.get(id) ?? [])].map(([peer, collected]) => ({ peer, ...collected })),
  }))
  return { startedAt, machine, rounds, seconds, scenarios: outcomes, absent }
}

/** One scenario, or the cold open, on one server in a directory of its own. */
async function measure(
  peer: Peer,
  scenario: Scenario | undefined,
  collected: Collected,
  environment: Environment,
): Promise<void> {
  const excluded = scenario === undefined ? excludedFromColdOpen(peer) : scenario.excludes?.(peer)
  if (excluded !== undefined) {
    collected.remark = excluded
    return
  }
  const directory = await mkdtemp(path.join(tmpdir(), 'cairn-peers-'))
  try {
    if (scenario === undefined) {
      const open = await measureColdOpen(peer, environment, directory)
      collected.opens.push(open)
      if (open.missing > 0) collected.remark = `${open.missing} edits were gone after a restart`
    } else {
      const report = await load(peer, scenario, environment, directory)
      collected.reports.push(report)
      if (!report.converged) collected.remark = `did not converge: ${report.problems[0]}`
    }
  } catch (error) {
    collected.remark = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  }
}

function excludedFromColdOpen(peer: Peer): string | undefined {
  return peer.isPersistent ? undefined : 'keeps nothing over a restart'
}

async function load(
  peer: Peer,
  { plan, id }: Scenario,
  environment: Environment,
  directory: string,
): Promise<LoadReport> {
  const server = await peer.start(environment, directory)
  try {
    const { target, pid } = server
    // What a server does not keep cannot be compared with a document in the end.
    const witnesses = peer.keepsDocuments ? plan.witnesses : 0
    const wholePlan = { ...plan, witnesses }
    return await runLoad({
      environment,
      plan: wholePlan,
      target,
      pid,
      title: id,
      server: peer.name,
    })
  } finally {
    await server.stop()
  }
}
