import * as Y from 'yjs'
import { CairnProvider } from '../../client/cairn-provider.js'
import type { ProviderError } from '../../client/provider-error.js'
import type { Rejection } from '../../client/provider-events.js'
import { messageType } from '../../protocol/message.js'
import type { ClientState } from './checker.js'
import type { SimulatedClient } from './client.js'
import { ClientEnvironment } from './client-environment.js'
import { ClientSockets } from './client-sockets.js'
import {
  createWebSocketClass,
  type SocketObserver,
  type WebSocketConstructor,
} from './client-web-socket.js'
import { ContentsSet, contentsOf } from './contents-set.js'
import { RandomEditor } from './edits.js'
import type { Link } from './link.js'
import { SimulatedPage } from './simulated-page.js'
import type { EditorPlace } from './stock-editor.js'

export interface CairnEditorOptions {
  readonly access: 'read' | 'write'
  /** Whether it shows a token that runs out, in place of its name in the address. */
  readonly hasToken: boolean
  /** Stands between the provider and its sockets. */
  readonly wrapSockets?: ((inner: WebSocketConstructor) => WebSocketConstructor) | undefined
}

/** What somebody does besides coming and going, and how often. */
const acts = { edit: 70, move: 16, signal: 4, wait: 6, wake: 4 }
/** How somebody goes. */
const goings = { reloads: 4, vanishes: 3, 'has no network': 3, leaves: 10 }
/** How long the application takes to get a token, at most. */
const tokenMs = 400
/** A network that the system says is gone is back after so long, on average. */
const offlineMs = 1_500

/** Somebody with the provider of Cairn, who believes what it says of what is saved. */
export class CairnEditor implements SimulatedClient {
  readonly link: Link
  readonly #place: EditorPlace
  readonly #options: CairnEditorOptions
  readonly #environment: ClientEnvironment
  readonly #page = new SimulatedPage()
  readonly #sockets: ClientSockets
  readonly #WebSocket: WebSocketConstructor
  readonly #maxBackoffTime: number
  #doc = new Y.Doc()
  #editor: RandomEditor
  #provider: CairnProvider | undefined
  /** What was done in the document of the page, and what came to it. */
  #contents = new ContentsSet()
  /** Losses of the store of which hello has told it. */
  #heardLosses = 0
  /** Promises of `whenSaved` that are not settled. */
  #waiting = 0
  #signals = 0
  /** Whether nothing fails any more that the application does. */
  #isSettled = false

  constructor(place: EditorPlace, options: CairnEditorOptions) {
    const { name, world, network, random } = place
    this.#place = place
    this.#options = options
    this.link = place.link
    this.#environment = new ClientEnvironment(world, world.stream(`code of ${name}`))
    this.#sockets = new ClientSockets(world, place, () => this.#doc)
    this.#maxBackoffTime = random.pick([2_500, 10_000, 25_000])
    const WebSocketClass = createWebSocketClass(network, this.link, () => this.#observe())
    this.#WebSocket = options.wrapSockets?.(WebSocketClass) ?? WebSocketClass
    this.#editor = this.#follow()
  }

  get state(): ClientState | undefined {
    const provider = this.#provider
    if (provider === undefined) return undefined
    const { name, documentName } = this.#place
    const { saved, synced, unsavedChanges, awareness } = provider
    return {
      name,
      documentName,
      doc: this.#doc,
      isSynced: synced,
      unacknowledged: unsavedChanges,
      presence: { clientID: this.#doc.clientID, states: awareness.getStates() },
      saving: {
        mayWrite: this.#mayWrite,
        isSaved: saved,
        unsavedChanges,
        waiting: this.#waiting,
      },
    }
  }

  start(): void {
    const { name, documentName, params } = this.#place
    const provider = new CairnProvider('ws://simulation', documentName, this.#doc, {
      ...(this.#options.hasToken ? { token: () => this.#getToken() } : { params }),
      WebSocketPolyfill: this.#WebSocket,
      environment: this.#environment,
      page: this.#page,
      tab: `tab of ${name}`,
      maxBackoffTime: this.#maxBackoffTime,
      disableBc: true,
      fallback: false,
    })
    this.#provider = provider
    this.#listen(provider)
    provider.awareness.setLocalStateField('name', name)
  }

  act(): void {
    const { random } = this.#place
    const provider = this.#provider
    if (provider === undefined) return
    switch (random.weighted(acts)) {
      case 'edit':
        if (this.#mayWrite) this.#editor.edit()
        else if (random.chance(0.2)) this.#tryToWrite()
        break
      case 'move':
        provider.awareness.setLocalStateField('cursor', random.integer(0, 1_000))
        break
      case 'signal':
        if (provider.synced) this.#signal(provider)
        break
      case 'wait':
        if (this.#mayWrite) this.#waitUntilSaved(provider)
        break
      case 'wake':
        this.#page.happen(random.pick(['online', 'pageshow', 'visibilitychange']))
        break
    }
    this.#checkSaved()
  }

  toggle(): void {
    const { random } = this.#place
    const provider = this.#provider
    if (provider === undefined) return
    if (!provider.shouldConnect) provider.connect()
    else this.#goAway(provider, random.weighted(goings))
    this.#checkSaved()
  }

  stall(forMs: number): void {
    this.#sockets.stall(forMs)
  }

  settle(): void {
    this.#isSettled = true
    this.#sockets.resume()
    this.#provider?.connect()
    // The system says that the network is back.
    this.#page.happen('online')
  }

  leave(): void {
    this.#provider?.destroy()
    this.#provider?.awareness.destroy()
    this.#provider = undefined
  }

  #goAway(provider: CairnProvider, how: keyof typeof goings | undefined): void {
    const { random, world, name } = this.#place
    world.note(`${name} ${how}`)
    switch (how) {
      case 'reloads':
        this.#reload(random.chance(0.5))
        break
      case 'vanishes':
        this.#sockets.vanish()
        this.#reload(true)
        break
      case 'has no network':
        this.#page.happen('offline')
        world.time.after(random.exponential(offlineMs), () => this.#page.happen('online'))
        break
      case 'leaves':
        provider.disconnect()
        break
    }
  }

  get #mayWrite(): boolean {
    return this.#options.access === 'write'
  }

  /** What is done in the present document counts from here on. */
  #follow(): RandomEditor {
    const { random, mix, appEdits, world } = this.#place
    const doc = this.#doc
    if (!this.#mayWrite) world.check((checker) => checker.reads?.(doc.clientID))
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this.#provider) this.#contents.add(contentsOf(update))
    })
    return new RandomEditor(doc, random, mix, appEdits)
  }

  #observe(): SocketObserver {
    const observer = this.#sockets.observe()
    const losses = this.#place.world.losses
    return {
      ...observer,
      onReceived: (message) => {
        observer.onReceived?.(message)
        // A server that came up after a loss says so in its hello; older connections cannot.
        if (message[0] === messageType.hello) this.#heardLosses = losses
        this.#checkSaved()
      },
    }
  }

  #listen(provider: CairnProvider): void {
    const { world, name } = this.#place
    provider.on('saved', () => this.#checkSaved())
    provider.on('rejected', (rejection) => this.#onRejected(rejection))
    provider.on('closed', ({ code, reason }) => {
      world.complain(`${name} was told to go for good: ${code} ${reason}`)
    })
    provider.on('reset', () => world.complain(`${name} was told that its document was deleted`))
    provider.on('error', (error) => world.complain(error))
    provider.on('signal', ({ value }) => world.note(`${name} heard ${String(value)}`))
  }

  /** Whoever says saved must have it so. */
  #checkSaved(): void {
    const provider = this.#provider
    if (provider === undefined || !provider.saved) return
    const { store } = this.#doc
    const clocks = Array.from(store.clients.keys(), (id) => [id, Y.getState(store, id)] as const)
    this.#contents.addClocks(new Map(clocks))
    this.#claim(this.#contents)
  }

  #claim(contents: ContentsSet): void {
    const { name, documentName, world } = this.#place
    // What was lost without a word is not to blame on whoever has heard no word since.
    if (this.#heardLosses !== world.losses) return
    world.check((checker) => checker.saved?.({ name, documentName, contents }))
  }

  #waitUntilSaved(provider: CairnProvider): void {
    const { name, world } = this.#place
    const contents = this.#contents.copy()
    const { losses } = world
    this.#waiting++
    provider.whenSaved().then(
      () => {
        this.#waiting--
        if (losses === world.losses) this.#claim(contents)
      },
      (error: ProviderError) => {
        this.#waiting--
        if (error.code !== 'DESTROYED') world.complain(`${name} waits in vain: ${error.message}`)
      },
    )
  }

  #signal(provider: CairnProvider): void {
    const { random, world, name } = this.#place
    const value = `signal ${++this.#signals} of ${name}`
    if (random.chance(0.5)) {
      provider.signal(value)
      return
    }
    provider.signalAcknowledged(value).then(
      ({ reached }) => world.note(`${value} reached ${reached}`),
      (error: unknown) => world.note(`${value}: ${String(error)}`),
    )
  }

  #onRejected({ error, changes }: Rejection): void {
    const { world, name } = this.#place
    const { code, message, retryAfterMs } = error
    world.note(`${name} was refused ${changes} changes: ${code} ${message}`)
    const isForNow = retryAfterMs > 0 || code === 'INCOMPLETE'
    if (this.#mayWrite && !isForNow) world.complain(`${name} was refused changes: ${message}`)
  }

  /** A reader whose page lets it edit; it finds out and loads the page anew. */
  #tryToWrite(): void {
    const { name, world } = this.#place
    let isChanged = false
    this.#doc.once('update', () => {
      isChanged = true
    })
    this.#editor.edit()
    if (!isChanged) return
    if (this.#provider?.saved)
      world.violate('saved-durable', `${name} may not write and says saved`)
    this.#reload(false)
  }

  /** What the address says otherwise, after a while, unless the application cannot get it now. */
  async #getToken(): Promise<string> {
    const { params, random, world } = this.#place
    const isFailing = random.chance(0.1) && !this.#isSettled
    await world.time.pass(random.between(0, tokenMs))
    if (isFailing) throw new Error('no token now')
    return new URLSearchParams(params).toString()
  }

  /** A page that was loaded anew, with what a database of the browser kept, or with nothing. */
  #reload(keepsContent: boolean): void {
    const before = this.#doc
    this.leave()
    this.#doc = new Y.Doc()
    if (keepsContent) Y.applyUpdate(this.#doc, Y.encodeStateAsUpdate(before))
    else this.#contents = new ContentsSet()
    before.destroy()
    this.#editor = this.#follow()
    this.start()
  }
}
