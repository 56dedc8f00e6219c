import type { Environment } from '../../runtime/environment.js'
import { dialects } from '../load/dialect.js'
import { EditSchedule } from '../load/edit-schedule.js'
import { LoadClient } from '../load/load-client.js'
import { createDocuments } from '../load/load-document.js'
import { LoadMeasures } from '../load/load-measures.js'
import { defaultPlan, documentName, type LoadPlan, scheduleOf } from '../load/load-plan.js'
import { runLoad } from '../load/load-run.js'
import { readProcessUsage } from '../load/process-usage.js'
import type { Peer, RunningPeer } from './peer.js'

export interface ColdOpen {
  /** Milliseconds from a client's connect to its having every edit. */
  readonly openMs: number
  /** Edits that the client did not get; what the restart lost. */
  readonly missing: number
}

/** 20,000 edits of four authors. */
export const coldOpenPlan: LoadPlan = {
  ...defaultPlan,
  editors: 4,
  observers: 1,
  rate: undefined,
  editsEach: 5_000,
  witnesses: 0,
  settleMs: 60_000,
  prefix: 'cold',
}

const openDeadlineMs = 30_000
const pollMs = 2
const idlePollMs = 500
const idleDeadlineMs = 60_000

/** Fills a document, stops the server when it has come to rest, starts it, and opens it. */
export async function measureColdOpen(
  peer: Peer,
  environment: Environment,
  directory: string,
): Promise<ColdOpen> {
  const plan = coldOpenPlan
  const filling = await peer.start(environment, directory)
  try {
    const { target, pid } = filling
    const report = await runLoad({
      environment,
      plan,
      target,
      pid,
      title: 'fill',
      server: peer.name,
    })
    const [problem] = report.problems
    if (problem !== undefined) throw new Error(`the document could not be filled: ${problem}`)
    await untilIdle(filling, environment)
  } finally {
    await filling.stop()
  }
  const server = await peer.start(environment, directory)
  try {
    return await open(server, environment)
  } finally {
    await server.stop()
  }
}

/** What a server writes after the fact has its time. */
async function untilIdle({ pid }: RunningPeer, environment: Environment): Promise<void> {
  if (pid === undefined) return
  const deadline = environment.now() + idleDeadlineMs
  let idle = 0
  let before = (await readProcessUsage(pid))?.cpuMs ?? 0
  while (idle < 8 && environment.now() < deadline) {
    await wait(environment, idlePollMs)
    const cpuMs = (await readProcessUsage(pid))?.cpuMs ?? 0
    idle = cpuMs - before <= 20 ? idle + 1 : 0
    before = cpuMs
  }
}

async function open(server: RunningPeer, environment: Environment): Promise<ColdOpen> {
  const plan = coldOpenPlan
  const schedule = new EditSchedule(scheduleOf(plan))
  const who = { document: 0, editor: undefined, isWitness: false, isSlow: false }
  const document = createDocuments(plan, [who], schedule.editsEach).get(0)
  if (document === undefined) throw new Error('the document of the cold open was not prepared')
  const startedAt = environment.now()
  const client = new LoadClient({
    environment,
    url: server.target.url,
    document: documentName(plan, 0),
    dialect: dialects[server.target.dialect],
    asksExtension: false,
    scripts: document.scripts,
    reader: document.reader,
    schedule,
    firstEditor: 0,
    author: undefined,
    isWitness: false,
    isSlow: true,
    measures: new LoadMeasures(),
    startedAt: () => startedAt,
  })
  const joined = client.join()
  while (client.missing > 0 && environment.now() - startedAt < openDeadlineMs) {
    await wait(environment, pollMs)
  }
  if (client.missing === 0) await joined
  const openMs = (client.lastDeliveryAt ?? environment.now()) - startedAt
  client.leave()
  return { openMs, missing: client.missing }
}

function wait(environment: Environment, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    environment.setTimer(resolve, delayMs)
  })
}
