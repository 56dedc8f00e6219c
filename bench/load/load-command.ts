import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Durability } from '../../persistence/document-store.js'
import type { Environment } from '../../runtime/environment.js'
import { ServerProcess } from '../server-process.js'
import { readTraceFile } from '../trace-file.js'
import { parseEditMix } from './edit-mix.js'
import { chooseLinkClasses, Links } from './links.js'
import { checkPlan, defaultPlan, type LoadPlan } from './load-plan.js'
import type { LoadReport, LoadSample } from './load-report.js'
import { runLoad } from './load-run.js'
import type { LoadTarget } from './load-target.js'
import type { Thresholds } from './thresholds.js'

/** The options of `cairn bench load`; times are in seconds. */
export interface LoadOptions extends Thresholds {
  readonly url?: string
  readonly dialect: 'cairn' | 'y-websocket' | 'hocuspocus'
  readonly durability: Durability
  readonly documents: number
  readonly editors: number
  readonly observers: number
  readonly rate: number
  readonly blast?: number
  readonly mix: string
  readonly trace?: string
  readonly presence: number
  readonly duration: number
  readonly ramp: number
  readonly storms: number
  readonly slowReaders: number
  readonly witnesses: number
  readonly settle: number
  readonly seed: number
  readonly workers: number
  readonly link?: string
  readonly linkFile?: string
}

export interface LoadCommandContext {
  readonly environment: Environment
  /** The loss of the network that this process is in, for the report. */
  readonly packetLossPercent: number
  readonly signal: AbortSignal
  readonly onSample: (sample: LoadSample) => void
}

/**
 * Runs the load that the options ask for, against the server at the address or one of its own.
 * @throws RangeError where the options do not go together
 */
export async function runLoadCommand(
  options: LoadOptions,
  context: LoadCommandContext,
): Promise<LoadReport> {
  const plan = await planOf(options, context.environment)
  const classes =
    options.link === undefined ? undefined : await chooseLinkClasses(options.link, options.linkFile)
  const server = await openServer(options, context.environment)
  const links = classes && new Links(server.target.url, classes, plan.seed)
  try {
    return await runLoad({
      ...context,
      plan,
      target: server.target,
      pid: server.pid,
      title: titleOf(plan),
      server: server.name,
      link: options.link,
      links,
    })
  } finally {
    links?.close()
    await server.close()
  }
}

async function planOf(options: LoadOptions, environment: Environment): Promise<LoadPlan> {
  const { trace: file, blast, url } = options
  const plan: LoadPlan = {
    ...defaultPlan,
    documents: options.documents,
    editors: options.editors,
    observers: options.observers,
    rate: blast === undefined ? options.rate : undefined,
    editsEach: blast ?? 0,
    mix: parseEditMix(options.mix),
    trace: file === undefined ? undefined : await readTraceFile(file),
    presenceRate: options.presence,
    durationMs: options.duration * 1_000,
    rampMs: Math.min(options.ramp, options.duration) * 1_000,
    storms: options.storms,
    slowReaders: options.slowReaders,
    witnesses: Math.min(options.witnesses, options.documents),
    settleMs: options.settle * 1_000,
    seed: options.seed,
    workers: options.workers,
    // A second run against the same server must find its documents empty.
    prefix: url === undefined ? 'load' : `load-${Math.floor(environment.wallClock()).toString(36)}`,
  }
  checkPlan(plan)
  return plan
}

interface OpenServer {
  readonly name: string
  readonly target: LoadTarget
  readonly pid: number | undefined
  close(): Promise<void>
}

async function openServer(options: LoadOptions, environment: Environment): Promise<OpenServer> {
  const { url, dialect, durability } = options
  if (url !== undefined) {
    const target: LoadTarget = {
      url,
      dialect: dialect === 'hocuspocus' ? 'hocuspocus' : 'y-websocket',
      acknowledges: dialect !== 'y-websocket',
      keepsDocuments: true,
    }
    return { name: url, target, pid: undefined, close: () => Promise.resolve() }
  }
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'cairn-load-'))
  const server = await ServerProcess.start({ environment, dataDirectory, durability })
  return {
    name: `Cairn, durability ${durability}`,
    target: {
      url: server.url,
      dialect: 'y-websocket',
      acknowledges: true,
      keepsDocuments: true,
    },
    pid: server.pid,
    async close() {
      await server.stop()
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
}

function titleOf({ documents, editors, observers }: LoadPlan): string {
  const clients = `${editors} editors and ${observers} observers`
  return documents === 1 ? `${clients} of one document` : `${documents} documents, each ${clients}`
}
