import { Deadline } from '../../runtime/deadline.js'
import type { Environment } from '../../runtime/environment.js'
import { type Dialect, dialects } from './dialect.js'
import { EditSchedule } from './edit-schedule.js'
import { FramedScript } from './framed-script.js'
import { Latencies } from './latencies.js'
import { LoadClient } from './load-client.js'
import { createDocuments, type LoadDocument } from './load-document.js'
import { LoadMeasures } from './load-measures.js'
import { type ClientPlan, clientsOf, type LoadPlan, scheduleOf } from './load-plan.js'
import type { LoadTarget } from './load-target.js'
import { type Author, Turns } from './turns.js'
import { differences, documentOf, wholeDocument } from './witness-check.js'
import type { ClientResult, WorkerResult, WorkerSample } from './worker-messages.js'

export interface SessionOptions {
  readonly environment: Environment
  readonly plan: LoadPlan
  readonly target: LoadTarget
  /** Which of the plan's processes this is, from 0. */
  readonly worker: number
  /** An address for each client, in the order of `clientsOf`; empty goes straight to the target. */
  readonly links: readonly string[]
  readonly onSample: (sample: WorkerSample) => void
}

const pollMs = 1
const settlePollMs = 20
const sampleMs = 1_000
/** So many clients connect at the same time. */
const connectingAtOnce = 50
const joinDeadlineMs = 60_000
const lateJoinerDeadlineMs = 20_000

/** The part of a load that one process makes: its clients, and what they do when. */
export class LoadSession {
  readonly #options: SessionOptions
  readonly #dialect: Dialect
  readonly #schedule: EditSchedule
  readonly #presence: EditSchedule
  readonly #measures = new LoadMeasures()
  readonly #latency = new Latencies()
  readonly #documents: ReadonlyMap<number, LoadDocument>
  readonly #plans: readonly ClientPlan[]
  readonly #clients: readonly LoadClient[]
  readonly #authors: readonly Author[]
  #startedAt = 0
  #sampledAt = 0
  #sampled = { delivered: 0, presence: 0 }
  /** How many were made. */
  #storms = 0
  #isStopped = false
  #cpuMs = 0

  /** Makes all edits before it returns, which takes a while for many. */
  constructor(options: SessionOptions) {
    const { plan, worker, target } = options
    this.#options = options
    this.#dialect = dialects[target.dialect]
    this.#schedule = new EditSchedule(scheduleOf(plan))
    const { durationMs, presenceRate: rate } = plan
    const editors = plan.documents * plan.editors
    this.#presence = new EditSchedule({ editors, rate, durationMs, rampMs: 0, editsEach: 0 })
    this.#plans = clientsOf(plan, worker)
    this.#documents = createDocuments(plan, this.#plans, this.#schedule.editsEach)
    this.#clients = this.#plans.map((client, index) => this.#createClient(client, index))
    this.#authors = this.#clients.flatMap((client, index) => {
      const { document = 0, editor } = this.#plans[index] ?? {}
      return editor === undefined ? [] : { client, number: document * plan.editors + editor }
    })
  }

  /**
   * Connects every client and waits until each is synced.
   * @throws Error where that takes too long
   */
  async connect(): Promise<void> {
    const { environment } = this.#options
    const deadline = new Deadline(environment, joinDeadlineMs)
    const waiting = [...this.#clients]
    const joinInTurn = async (): Promise<void> => {
      for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) {
        await client.join()
      }
    }
    const lanes = Array.from({ length: connectingAtOnce }, joinInTurn)
    const outcome = await deadline.race(Promise.all(lanes))
    deadline.cancel()
    const missing = this.#clients.filter(({ hasJoined }) => !hasJoined).length
    if (outcome === 'done' && missing === 0) return
    const problems = this.#measures.allProblems.map((problem) => `; ${problem}`).join('')
    throw new Error(`${missing} of ${this.#clients.length} clients could not join${problems}`)
  }

  /** Runs the load from `at` on, waits for everybody to have everything, and compares. */
  async run(at: number): Promise<WorkerResult> {
    const { environment } = this.#options
    this.#startedAt = at
    this.#sampledAt = at
    await this.#wait(at - environment.now())
    const cpu = process.cpuUsage()
    for (const client of this.#slowReaders()) client.pause()
    await this.#load()
    const endedAt = environment.now()
    for (const client of this.#slowReaders()) client.resume()
    await this.#settle(endedAt)
    const { user, system } = process.cpuUsage(cpu)
    this.#cpuMs = (user + system) / 1_000
    this.#sample()
    const result = this.#result(endedAt, await this.#compare())
    for (const client of this.#clients) client.leave()
    return result
  }

  /** Ends the load early; what was not made by then counts as missing. */
  stop(): void {
    this.#isStopped = true
  }

  async #load(): Promise<void> {
    const { environment, plan } = this.#options
    const edits = new Turns(this.#authors, this.#schedule)
    const moves = new Turns(this.#authors, this.#presence)
    while (!this.#isStopped) {
      const at = environment.now() - this.#startedAt
      if (plan.rate === undefined) for (const { client } of this.#authors) client.makeEdits()
      else edits.take(at, (client, due) => this.#makeEdit(client, due))
      if (plan.presenceRate > 0) moves.take(at, (client, due) => client.movePresence(due))
      this.#stormIfDue(at)
      this.#sampleIfDue()
      const isOver = plan.rate === undefined ? this.#allMade() : at >= plan.durationMs
      if (isOver) return
      await this.#wait(pollMs)
    }
  }

  /** No storm comes before everybody is back from the one before, however late that makes it. */
  #stormIfDue(at: number): void {
    const { storms, durationMs } = this.#options.plan
    if (this.#storms === storms || at <= ((this.#storms + 1) * durationMs) / (storms + 1)) return
    if (!this.#isEverybodyBack()) return
    this.#storms++
    for (const client of this.#clients) client.cut()
  }

  #isEverybodyBack(): boolean {
    return this.#clients.every((client) => !client.isReturning)
  }

  #makeEdit(client: LoadClient, due: number): void {
    client.makeEdit()
    this.#measures.lateness.record(this.#options.environment.now() - this.#startedAt - due)
  }

  #allMade(): boolean {
    return this.#authors.every(({ client }) => client.made === this.#schedule.editsEach)
  }

  async #settle(endedAt: number): Promise<void> {
    const { environment, plan } = this.#options
    while (!this.#isStopped && environment.now() - endedAt < plan.settleMs) {
      // Whatever is late is due now.
      this.#stormIfDue(Number.POSITIVE_INFINITY)
      const isCalm = this.#storms === plan.storms && this.#isEverybodyBack()
      if (isCalm && this.#clients.every(({ missing }) => missing === 0) && this.#allTaken()) return
      this.#sampleIfDue()
      await this.#wait(settlePollMs)
    }
  }

  /** Whether the server has acknowledged everything, where it does that. */
  #allTaken(): boolean {
    if (!this.#options.target.acknowledges) return true
    return this.#authors.every(({ client }) => client.acknowledged === client.made)
  }

  #slowReaders(): readonly LoadClient[] {
    return this.#clients.filter((_client, index) => this.#plans[index]?.isSlow === true)
  }

  #sampleIfDue(): void {
    const { environment } = this.#options
    if (environment.now() - this.#sampledAt < sampleMs) return
    this.#sampledAt += sampleMs
    this.#sample()
  }

  #sample(): void {
    const { environment, plan, onSample } = this.#options
    const { delivered, presenceDelivered, latency, connected } = this.#measures
    const atMs = environment.now() - this.#startedAt
    const due = this.#schedule.dueBy(atMs) / Math.max(1, plan.documents * plan.editors)
    const encoded = latency.encode()
    this.#latency.add(encoded)
    latency.clear()
    onSample({
      atMs,
      delivered: delivered - this.#sampled.delivered,
      presenceDelivered: presenceDelivered - this.#sampled.presence,
      lag: Math.max(0, Math.round(due * this.#receiverPairs()) - delivered),
      connected,
      latency: encoded,
    })
    this.#sampled = { delivered, presence: presenceDelivered }
  }

  /** How many edits arrive when every editor makes one. */
  #receiverPairs(): number {
    const { plan } = this.#options
    return this.#clients.length * plan.editors - this.#authors.length
  }

  /** Compares real Y.Docs: what witnesses received, and what somebody who comes now gets. */
  async #compare(): Promise<readonly string[]> {
    const problems: string[] = []
    const compared = new Map<number, ClientPlan>()
    for (const plan of this.#plans) {
      if (plan.document < this.#options.plan.witnesses) compared.set(plan.document, plan)
    }
    for (const number of compared.keys()) {
      const document = this.#documents.get(number)
      if (document === undefined || this.#isStopped) continue
      const whole = wholeDocument(document.scripts)
      const check = (who: string, updates: readonly Uint8Array[]): void => {
        for (const difference of differences(whole, documentOf(updates))) {
          problems.push(`${who} of ${document.name} ${difference}`)
        }
      }
      for (const [index, { document: own, isWitness }] of this.#plans.entries()) {
        if (own === number && isWitness) check('a witness', this.#clients[index]?.kept ?? [])
      }
      if (this.#options.target.keepsDocuments) {
        check('a client that came at the end', await this.#receiveAll(number))
      }
    }
    return problems
  }

  async #receiveAll(document: number): Promise<readonly Uint8Array[]> {
    const { environment } = this.#options
    const plan = { document, editor: undefined, isWitness: true, isSlow: false }
    const client = this.#createClient(plan, -1, new LoadMeasures())
    const deadline = environment.now() + lateJoinerDeadlineMs
    const joined = client.join()
    while (client.missing > 0 && environment.now() < deadline) await this.#wait(settlePollMs)
    if (client.missing === 0) await joined
    client.leave()
    return client.kept
  }

  #createClient(plan: ClientPlan, index: number, measures = this.#measures): LoadClient {
    const { environment, target, links } = this.#options
    const document = this.#documents.get(plan.document)
    const script = document?.scripts[plan.editor ?? -1]
    if (document === undefined) throw new Error(`document ${plan.document} was not prepared`)
    return new LoadClient({
      environment,
      url: links[index] ?? target.url,
      document: document.name,
      dialect: this.#dialect,
      asksExtension: target.acknowledges && target.dialect === 'y-websocket',
      scripts: document.scripts,
      reader: document.reader,
      schedule: this.#schedule,
      firstEditor: plan.document * this.#options.plan.editors,
      author:
        plan.editor === undefined || script === undefined
          ? undefined
          : {
              editor: plan.editor,
              framed: new FramedScript(script, this.#dialect.prefix(document.name)),
            },
      isWitness: plan.isWitness,
      isSlow: plan.isSlow,
      measures,
      startedAt: () => this.#startedAt,
    })
  }

  #result(endedAt: number, differing: readonly string[]): WorkerResult {
    const measures = this.#measures
    const { storms } = this.#options.plan
    const clients = this.#clients.map((client, index) => this.#clientResult(client, index, endedAt))
    const lacking = clients.filter(({ missing }) => missing > 0)
    const last = Math.max(...this.#clients.map((client) => client.lastDeliveryAt ?? 0))
    const bytes = this.#clients.map((client) => client.openBytes)
    const expected = this.#receiverPairs() * this.#schedule.editsEach
    return {
      clients,
      problems: [
        ...measures.allProblems,
        ...lacking.slice(0, 5).map(({ role, document, missing }) => {
          return `a client (${role}) of ${document} lacks ${missing} edits`
        }),
        ...(lacking.length > 5 ? [`${lacking.length - 5} more clients lack edits`] : []),
        ...differing,
        ...(this.#allTaken() ? [] : ['not every edit was acknowledged']),
        ...(measures.rejected > 0 ? [`the server rejected ${measures.rejected} updates`] : []),
        ...(this.#storms < storms ? [`${this.#storms} of ${storms} storms could be made`] : []),
        ...(this.#isStopped ? ['the run was stopped early'] : []),
      ],
      edits: this.#authors.reduce((sum, { client }) => sum + client.made, 0),
      delivered: measures.delivered,
      expected,
      echoed: measures.echoed,
      repeated: measures.repeated,
      acknowledged: measures.acknowledged,
      rejected: measures.rejected,
      presenceSent: measures.presenceSent,
      presenceDelivered: measures.presenceDelivered,
      connections: measures.connections,
      bytesReceived: bytes.reduce((sum, { received }) => sum + received, measures.bytesReceived),
      bytesSent: bytes.reduce((sum, { sent }) => sum + sent, measures.bytesSent),
      closes: [...measures.closes],
      lastDeliveryMs: Math.max(0, last - this.#startedAt),
      cpuMs: this.#cpuMs,
      latencies: {
        delivery: this.#latency.encode(),
        acknowledge: measures.acknowledgeLatency.encode(),
        presence: measures.presenceLatency.encode(),
        reconnect: measures.reconnect.encode(),
        join: measures.join.encode(),
        lateness: measures.lateness.encode(),
      },
    }
  }

  #clientResult(client: LoadClient, index: number, endedAt: number): ClientResult {
    const { isSlow, editor } = this.#plans[index] ?? {}
    return {
      document: client.document,
      role: isSlow === true ? 'slow reader' : editor === undefined ? 'observer' : 'editor',
      convergenceMs: Math.max(0, (client.lastDeliveryAt ?? endedAt) - endedAt),
      missing: client.missing,
    }
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.environment.setTimer(resolve, Math.max(0, delayMs))
    })
  }
}
