import { type RawData, WebSocket } from 'ws'
import * as Y from 'yjs'
import { CairnProvider } from '../client/cairn-provider.js'
import type { ProviderError } from '../client/provider-error.js'
import type { ReceivedSignal, Rejection } from '../client/provider-events.js'
import type { ProviderOptions } from '../client/provider-options.js'
import { SkippingEnvironment } from './skipping-environment.js'
import { TextClient } from './text-client.js'

export interface LiveProviderOptions extends ProviderOptions<CairnProvider> {
  readonly doc?: Y.Doc
}

/** A `CairnProvider` over real sockets, which a test can cut and count. No fallback unless asked for. */
export class LiveProvider extends TextClient {
  readonly environment = new SkippingEnvironment()
  readonly doc: Y.Doc
  readonly provider: CairnProvider
  readonly sockets: WebSocket[] = []
  readonly rejections: Rejection[] = []
  readonly signals: ReceivedSignal[] = []
  readonly resets: unknown[] = []
  /** What `away` and `back` told, as `away 1,2`. */
  readonly moves: string[] = []
  /** The states of the connection, each once where one follows itself. */
  readonly states: string[] = []
  /** Bytes of messages that came, over all connections. */
  receivedBytes = 0

  constructor(serverUrl: string, name: string, options: LiveProviderOptions = {}) {
    super()
    const { doc, ...others } = options
    this.doc = doc ?? new Y.Doc()
    this.provider = new CairnProvider(serverUrl, name, this.doc, {
      WebSocketPolyfill: this.#socketClass(),
      environment: this.environment,
      disableBc: true,
      fallback: false,
      ...others,
      connect: false,
    })
    this.#listen()
    if (options.connect !== false) this.provider.connect()
  }

  get reason(): ProviderError | undefined {
    return this.provider.status.reason
  }

  /** Its connection is lost, as when a cable is pulled. */
  cut(): void {
    this.sockets.at(-1)?.terminate()
  }

  /** Everything has arrived and is saved. */
  async saved(): Promise<this> {
    await this.until('the provider is live and saved', () => this.#isLive && this.provider.saved)
    return this
  }

  async live(): Promise<this> {
    await this.until('the provider is live', () => this.#isLive)
    return this
  }

  destroy(): void {
    this.provider.destroy()
    this.doc.destroy()
  }

  get #isLive(): boolean {
    return this.provider.status.state === 'live'
  }

  #listen(): void {
    const { provider } = this
    const { announce } = this
    const keep =
      <Value>(list: Value[]) =>
      (value: Value): void => {
        list.push(value)
        announce()
      }
    this.doc.on('update', announce)
    provider.awareness.on('change', announce)
    provider.on('saved', announce)
    provider.on('unsaved-changes', announce)
    provider.on('access', announce)
    provider.on('sync', announce)
    provider.on('rejected', keep(this.rejections))
    provider.on('signal', keep(this.signals))
    provider.on('reset', keep(this.resets))
    provider.on('away', (clientIDs) => keep(this.moves)(`away ${clientIDs.join()}`))
    provider.on('back', (clientIDs) => keep(this.moves)(`back ${clientIDs.join()}`))
    provider.on('state', ({ state }) => {
      if (this.states.at(-1) !== state) this.states.push(state)
      announce()
    })
  }

  #socketClass() {
    const opened = (socket: WebSocket): void => {
      this.sockets.push(socket)
      socket.on('message', (data: RawData) => {
        if (data instanceof ArrayBuffer) this.receivedBytes += data.byteLength
      })
    }
    return class extends WebSocket {
      constructor(address: string, protocols: string[] = []) {
        super(address, protocols)
        opened(this)
      }
    }
  }
}
