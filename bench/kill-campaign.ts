import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Durability } from '../persistence/document-store.js'
import type { Environment } from '../runtime/environment.js'
import { createRandom } from '../runtime/seeded-random.js'
import { findFreePort } from './free-port.js'
import { KillDocument } from './kill-document.js'
import { ServerProcess } from './server-process.js'
import { loadStockProvider } from './stock-provider.js'
import { waitUntil } from './wait-until.js'

export interface KillCampaignOptions {
  readonly environment: Environment
  readonly rounds: number
  /** Decides the edits and the moments of killing, as far as the machine lets it. */
  readonly seed: number
  /** @default 3 */
  readonly documents?: number
  /** Stock clients of each document. @default 3 */
  readonly clients?: number
  /** Of the server. @default 'fsync' */
  readonly durability?: Durability
  /** Milliseconds that any step may take. @default 30000 */
  readonly deadlineMs?: number
  readonly onRound?: (round: KillRound) => void
}

/** What one kill left. Counts are sums since the campaign began. */
export interface KillRound {
  readonly round: number
  /** Clocks that were shown or acknowledged. */
  readonly clocks: number
  /** Update frames that the extension acknowledged. */
  readonly acknowledged: number
  /** What was seen and is gone; empty is what the server promises. */
  readonly losses: readonly string[]
}

/**
 * Rounds of `kill -9` at random moments while stock clients type. After each, a client that never
 * was there before looks for everything that the server had shown or acknowledged until then, before
 * those who could give it back are let in again. Ends early at a loss; without one it ends with all
 * clients connected and their replicas equal.
 */
export async function runKillCampaign(options: KillCampaignOptions): Promise<readonly KillRound[]> {
  const { environment, durability = 'fsync', deadlineMs = 30_000 } = options
  const Provider = await loadStockProvider()
  const random = createRandom(options.seed)
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'cairn-kill-'))
  const start = { environment, dataDirectory, durability, port: await findFreePort(environment) }
  let server = await ServerProcess.start(start)
  const shown = new ShownCount()
  const documents = Array.from(
    { length: options.documents ?? 3 },
    (_, index) =>
      new KillDocument({
        name: `document ${index}`,
        serverUrl: server.url,
        clients: options.clients ?? 3,
        environment,
        random,
        Provider,
        deadlineMs,
        onShown: () => shown.add(),
      }),
  )
  const rounds: KillRound[] = []
  try {
    while (rounds.length < options.rounds) {
      await Promise.all(documents.map((document) => document.start()))
      await shown.more(20 + Math.floor(random() * 300), environment, deadlineMs)
      await new Promise<void>((resolve) => environment.setTimer(resolve, random() * 10))
      await server.kill()
      await Promise.all(documents.map((document) => document.settle()))
      server = await ServerProcess.start(start)
      const round = await inspect(documents, rounds.length + 1)
      rounds.push(round)
      options.onRound?.(round)
      if (round.losses.length > 0) return rounds
    }
    await Promise.all(documents.map((document) => document.converge()))
    await server.stop()
    return rounds
  } finally {
    for (const document of documents) document.destroy()
    await server.kill()
    await rm(dataDirectory, { recursive: true, force: true })
  }
}

async function inspect(documents: readonly KillDocument[], round: number): Promise<KillRound> {
  const losses = await Promise.all(documents.map((document) => document.losses()))
  const sum = (count: (document: KillDocument) => number): number =>
    documents.reduce((total, document) => total + count(document), 0)
  return {
    round,
    clocks: sum(({ witness }) => witness.clocks),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    losses: [...losses.flat(), ...documents.flatMap(({ rejections }) => rejections)],
  }
}

/** Counts the update frames that observers were shown. */
class ShownCount {
  #count = 0
  #check: () => void = () => undefined

  add(): void {
    this.#count++
    this.#check()
  }

  /** Resolves after so many further frames. */
  more(frames: number, environment: Environment, deadlineMs: number): Promise<void> {
    const target = this.#count + frames
    return waitUntil(
      () => this.#count >= target,
      (check) => {
        this.#check = check
        return () => {
          this.#check = () => undefined
        }
      },
      { environment, deadlineMs, describe: () => `${target - this.#count} frames are yet to come` },
    )
  }
}
