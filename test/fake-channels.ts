import type { BroadcastChannelConstructor, BroadcastChannelLike } from '../client/web-globals.js'

/** The channels of one browser, whose tabs are all in this process. */
export class FakeChannels {
  readonly Channel: BroadcastChannelConstructor
  readonly #members = new Map<string, Set<FakeChannel>>()

  constructor() {
    const members = this.#members
    this.Channel = class extends FakeChannel {
      constructor(name: string) {
        const others = members.get(name) ?? new Set()
        members.set(name, others)
        super(others)
      }
    }
  }

  /** The names on which somebody is. */
  get names(): readonly string[] {
    return [...this.#members].filter(([, members]) => members.size > 0).map(([name]) => name)
  }

  /** Says something to all of a name, as any script of the page may. */
  post(name: string, message: unknown): void {
    for (const member of this.#members.get(name) ?? []) member.onmessage?.({ data: message })
  }
}

class FakeChannel implements BroadcastChannelLike {
  onmessage: BroadcastChannelLike['onmessage'] = null
  readonly #members: Set<FakeChannel>

  constructor(members: Set<FakeChannel>) {
    this.#members = members
    members.add(this)
  }

  postMessage(message: unknown): void {
    const copy: unknown = structuredClone(message)
    for (const member of this.#members) {
      if (member === this) continue
      // A real channel delivers in a later turn.
      queueMicrotask(() => member.onmessage?.({ data: copy }))
    }
  }

  close(): void {
    this.#members.delete(this)
  }
}
