import type { MessagePort } from 'node:worker_threads'
import { getUnixTime } from 'lib0/time'
import type { VirtualGlobals } from '../../runtime/virtual-globals.js'
import { loadStockProvider } from '../stock-provider.js'
import { loadExtension } from './extension.js'
import { findMutant } from './mutants.js'
import { RandomStreams } from './random-stream.js'
import { Simulation, type SimulationThread } from './simulation.js'
import { drawOptions } from './simulation-options.js'
import type { SimulationResult } from './simulation-result.js'
import type { ThreadAnswer, ThreadRequest } from './thread-messages.js'

/** Does the runs that the port asks for, one after the other. */
export async function serveRequests(port: MessagePort, globals: VirtualGlobals): Promise<void> {
  if (!globals.isClock(getUnixTime)) {
    throw new Error('lib0 was loaded before the clock was replaced')
  }
  const Provider = await loadStockProvider()
  const thread: SimulationThread = { Provider, enter: (world) => globals.enter(world) }
  let last: Promise<void> = Promise.resolve()
  port.on('message', (request: ThreadRequest) => {
    last = last.then(async () => port.postMessage(await answer(request, thread)))
  })
}

async function answer(request: ThreadRequest, thread: SimulationThread): Promise<ThreadAnswer> {
  try {
    return { kind: 'result', result: await runSeed(request, thread) }
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { kind: 'failed', seed: request.seed, message }
  }
}

async function runSeed(
  request: ThreadRequest,
  thread: SimulationThread,
): Promise<SimulationResult> {
  const { seed, overrides, linkClasses } = request
  const mutant = request.mutant === undefined ? undefined : findMutant(request.mutant)
  const extension = request.extension === undefined ? {} : await loadExtension(request.extension)
  const streams = new RandomStreams(seed)
  const drawn = drawOptions(
    (purpose) => streams.stream(`option ${purpose}`),
    Object.keys(linkClasses),
  )
  const options = { ...drawn, ...mutant?.needs, ...overrides }
  return new Simulation({ seed, options, linkClasses, mutant, extension }, thread).run()
}
