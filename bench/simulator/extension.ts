import type * as Y from 'yjs'
import type { Checker } from './checker.js'
import type { WebSocketConstructor } from './client-web-socket.js'
import type { RandomStream } from './random-stream.js'

/** One kind of edit of an application. */
export interface AppEdit {
  /** How often it comes, 0 or more, against the other kinds; typing has 10 where a seed draws it. */
  readonly weight: number
  /** Edits the document as one person would. All chance has to come from `random`. */
  apply(doc: Y.Doc, random: RandomStream): void
}

/** What a client of an application is given to live in a simulation. */
export interface AppClientPlace {
  /** Of the client, in traces and messages. */
  readonly name: string
  /** The address of the server, without the name of the document. */
  readonly url: string
  readonly documentName: string
  /** What the address has to have as its query; the server knows clients by it where it asks. */
  readonly params: Readonly<Record<string, string>>
  /** Stands in for the global `WebSocket`; its connections run over the client's link. */
  readonly WebSocket: WebSocketConstructor
  readonly random: RandomStream
}

/**
 * A client of an application, with a provider of its own. Timers, `Date` and chance are those of the
 * simulation in everything that it calls. A message has to be applied in the turn in which it comes.
 */
export interface AppClient {
  readonly doc: Y.Doc
  /** Connected, and what the server had then is in `doc`. */
  readonly isSynced: boolean
  /** Updates that the server has not acknowledged. @default 0, for a client that is not told */
  readonly unacknowledged?: number
  /** Its own presence and that of others, as `Awareness` of y-protocols. @default none is looked at */
  readonly awareness?: {
    readonly clientID: number
    getStates(): ReadonlyMap<number, unknown>
  }
  connect(): void
  /** Leaves in order; `connect` comes back. */
  disconnect(): void
  /** Leaves for good. */
  destroy(): void
}

/** What an application brings into its simulations: the exports of a module, all of them optional. */
export interface SimulationExtension {
  /** Makes the checkers of one run; they come after those of the simulator. */
  readonly createCheckers?: () => readonly Checker[]
  /** Kinds of edits by name, beside those of `EditMix`. All editors make them. */
  readonly edits?: Readonly<Record<string, AppEdit>>
  /** Each makes one client of a run, beside those that the seed draws. */
  readonly clients?: readonly ((place: AppClientPlace) => AppClient)[]
}

/**
 * Loads a module as the extension of simulations.
 * @param url `file:` address of the module
 * @throws TypeError naming the export that is not as it has to be
 */
export async function loadExtension(url: string): Promise<SimulationExtension> {
  const module: Readonly<Record<string, unknown>> = await import(url)
  const { createCheckers, edits, clients } = module
  const fail = (name: string, expected: string): never => {
    throw new TypeError(`${url}: expected the export "${name}" to be ${expected}`)
  }
  return {
    ...(createCheckers === undefined
      ? {}
      : isCheckerMaker(createCheckers)
        ? { createCheckers }
        : fail('createCheckers', 'a function that returns checkers')),
    ...(edits === undefined
      ? {}
      : isEdits(edits)
        ? { edits }
        : fail('edits', 'an object of edits, each with a weight of 0 or more and apply()')),
    ...(clients === undefined
      ? {}
      : isClientMakers(clients)
        ? { clients }
        : fail('clients', 'a list of functions that make a client')),
  }
}

type CheckerMaker = NonNullable<SimulationExtension['createCheckers']>
type Edits = NonNullable<SimulationExtension['edits']>
type ClientMakers = NonNullable<SimulationExtension['clients']>

function isCheckerMaker(value: unknown): value is CheckerMaker {
  return typeof value === 'function'
}

function isEdits(value: unknown): value is Edits {
  return typeof value === 'object' && value !== null && Object.values(value).every(isEdit)
}

function isEdit(value: unknown): value is AppEdit {
  if (typeof value !== 'object' || value === null) return false
  if (!('weight' in value) || !('apply' in value)) return false
  return typeof value.weight === 'number' && value.weight >= 0 && typeof value.apply === 'function'
}

function isClientMakers(value: unknown): value is ClientMakers {
  return Array.isArray(value) && value.every((make) => typeof make === 'function')
}
