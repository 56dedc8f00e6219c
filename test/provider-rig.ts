import * as Y from 'yjs'
import { CairnProvider } from '../client/cairn-provider.js'
import type { ProviderOptions } from '../client/provider-options.js'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { FakeChannels } from './fake-channels.js'
import { FakeNetwork, type FakeWebSocket } from './fake-web-socket.js'

export interface RigOptions extends ProviderOptions<CairnProvider> {
  readonly doc?: Y.Doc
  /** Shared by the tabs of one browser. @default none but this one */
  readonly channels?: FakeChannels
  readonly environment?: SimulatedEnvironment
}

/** A provider whose clock, network and other tabs are the test's. No fallback unless given. */
export class ProviderRig {
  readonly environment: SimulatedEnvironment
  readonly network = new FakeNetwork()
  readonly channels: FakeChannels
  readonly doc: Y.Doc
  readonly provider: CairnProvider
  /** The events so far, with what they came with. */
  readonly events: (readonly [name: string, value: unknown])[] = []

  constructor(options: RigOptions = {}) {
    const { doc, channels, environment, ...others } = options
    this.environment = environment ?? new SimulatedEnvironment()
    this.channels = channels ?? new FakeChannels()
    this.doc = doc ?? new Y.Doc()
    this.provider = new CairnProvider('ws://server', 'notes', this.doc, {
      WebSocketPolyfill: this.network.WebSocket,
      BroadcastChannelPolyfill: this.channels.Channel,
      fallback: false,
      tab: 'tab',
      environment: this.environment,
      ...others,
      connect: false,
    })
    this.#record()
    if (options.connect !== false) this.provider.connect()
  }

  get socket(): FakeWebSocket {
    return this.network.socket
  }

  get text(): string {
    return this.doc.getText('text').toString()
  }

  /** The values of the events of a name. */
  of(name: string): unknown[] {
    return this.events.filter(([event]) => event === name).map(([, value]) => value)
  }

  type(text: string): this {
    const content = this.doc.getText('text')
    content.insert(content.length, text)
    return this
  }

  /** A Cairn server takes the connection, syncs and acknowledges what came. */
  goLive(server: Y.Doc = new Y.Doc()): this {
    this.socket.greet().sync(server)
    this.socket.acknowledge(this.socket.updates.length)
    return this
  }

  /** The connection is lost, and the next attempt is begun. */
  async reconnect(): Promise<this> {
    this.socket.end()
    await this.nextAttempt()
    return this
  }

  /** Lets the time pass that the provider waits. */
  async nextAttempt(): Promise<void> {
    for (let waited = 0; waited < 60_000 && !this.provider.wsconnecting; waited += 50) {
      await this.environment.advance(50)
    }
  }

  #record(): void {
    const note =
      (name: string) =>
      (value: unknown): void => {
        this.events.push([name, value])
      }
    const { provider } = this
    provider.on('status', note('status'))
    provider.on('sync', note('sync'))
    provider.on('saved', note('saved'))
    provider.on('unsaved-changes', note('unsaved-changes'))
    provider.on('rejected', note('rejected'))
    provider.on('reset', note('reset'))
    provider.on('access', note('access'))
    provider.on('state', note('state'))
    provider.on('closed', note('closed'))
    provider.on('connection-close', note('connection-close'))
    provider.on('signal', note('signal'))
    provider.on('away', note('away'))
    provider.on('back', note('back'))
    provider.on('error', note('error'))
  }
}
