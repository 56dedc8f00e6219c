import { type Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { Environment, Timer } from '../runtime/environment.js'
import { guarded } from './guarded.js'
import { encodeGone } from './own-presence.js'
import { hasPending } from './pending-updates.js'
import { readTabMessage, type TabMessage } from './tab-message.js'
import type { UnsavedChanges } from './unsaved-changes.js'
import type { BroadcastChannelConstructor, BroadcastChannelLike } from './web-globals.js'

/** How long another tab may take to save its own change before this one sends it. */
const forwardMs = 2_000

export interface TabChannelOwner {
  readonly environment: Environment
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly unsaved: UnsavedChanges
  /** The origin of what is applied to the Y.Doc. */
  readonly origin: object
  /** A change of another tab came, or was saved. */
  onUnsavedChanged(): void
  /** Sends the changes of other tabs, where that can be done. @param from of this one alone */
  forward(from?: string): void
  onError(error: unknown): void
}

/**
 * The tabs of one browser that have the same document open as the same principal. A change goes to
 * the others at once; until its own tab says that the server has it, it is unsaved in them too, and
 * where that tab is gone or slow they send it.
 */
export class TabChannel {
  readonly #owner: TabChannelOwner
  readonly #Channel: BroadcastChannelConstructor
  /** Another for each provider: a tab that was duplicated has the storage of the first. */
  readonly #id: string
  #channel: BroadcastChannelLike | undefined
  #name = ''
  #changes = 0
  #toldThrough = 0
  #forwardTimer: Timer | undefined

  constructor(owner: TabChannelOwner, Channel: BroadcastChannelConstructor) {
    this.#owner = owner
    this.#Channel = Channel
    const { environment } = owner
    this.#id = Array.from(environment.randomBytes(8), (byte) => byte.toString(16)).join('.')
  }

  get isOpen(): boolean {
    return this.#channel !== undefined
  }

  /** Joins the tabs of `name`, and leaves those of another. Idempotent. */
  open(name: string): void {
    const isElsewhere = this.#channel !== undefined
    if (isElsewhere && this.#name === name) return
    this.#leave()
    const channel = new this.#Channel(name)
    channel.unref?.()
    channel.onmessage = ({ data }) => {
      const message = readTabMessage(data)
      if (message !== undefined && this.#channel === channel) this.#receive(message)
    }
    this.#channel = channel
    this.#name = name
    this.#post({ kind: 'hello', from: this.#id, stateVector: this.#stateVector() })
    this.publishAwareness()
    if (isElsewhere) this.#owner.forward()
  }

  close(): void {
    if (this.#channel === undefined) return
    this.#leave()
    this.#owner.forward()
  }

  /** Nothing is heard any more of what the others have saved: what waits is this tab's to send. */
  #leave(): void {
    if (this.#channel === undefined) return
    const gone = encodeGone(this.#owner.awareness)
    this.#post({ kind: 'leaving', from: this.#id, awareness: gone })
    this.#forwardTimer?.cancel()
    this.#forwardTimer = undefined
    this.#channel.onmessage = null
    this.#channel.close()
    this.#channel = undefined
  }

  /** A change was made in this tab. @returns its number, by which it is told to be saved */
  publishUpdate(update: Uint8Array): number {
    this.#changes++
    this.#post({ kind: 'update', from: this.#id, number: this.#changes, update })
    return this.#changes
  }

  /** Tells the others how far the changes of this tab are saved. */
  publishSaved(): void {
    const { unsaved } = this.#owner
    // What was refused will not be saved from here; others may fare better.
    if (unsaved.rejected > 0) return
    const through = unsaved.ownSavedThrough(this.#changes)
    if (through <= this.#toldThrough) return
    this.#toldThrough = through
    this.#post({ kind: 'saved', from: this.#id, through })
  }

  publishAwareness(): void {
    const { awareness } = this.#owner
    if (this.#channel === undefined || !awareness.getStates().has(awareness.clientID)) return
    const update = encodeAwarenessUpdate(awareness, [awareness.clientID])
    this.#post({ kind: 'awareness', from: this.#id, update })
  }

  #receive(message: TabMessage): void {
    const { awareness, unsaved } = this.#owner
    switch (message.kind) {
      case 'hello':
        this.#postState(message.from, message.stateVector, true)
        this.publishAwareness()
        break
      case 'state':
        if (message.to !== this.#id) break
        this.#apply(message.from, message.number, message.update, message.isSaved)
        if (message.wantsAnswer) this.#postState(message.from, message.stateVector, false)
        break
      case 'update':
        this.#apply(message.from, message.number, message.update, false)
        break
      case 'saved':
        unsaved.savedByTab(message.from, message.through)
        this.#owner.onUnsavedChanged()
        break
      case 'awareness':
        guarded(this.#owner, () =>
          applyAwarenessUpdate(awareness, message.update, this.#owner.origin),
        )
        break
      case 'leaving':
        this.#owner.forward(message.from)
        guarded(this.#owner, () =>
          applyAwarenessUpdate(awareness, message.awareness, this.#owner.origin),
        )
        break
    }
  }

  #postState(to: string, known: Uint8Array, wantsAnswer: boolean): void {
    const { doc, unsaved } = this.#owner
    guarded(this.#owner, () =>
      this.#post({
        kind: 'state',
        from: this.#id,
        to,
        stateVector: this.#stateVector(),
        update: Y.encodeStateAsUpdate(doc, known),
        number: this.#changes,
        isSaved: unsaved.isSaved,
        wantsAnswer,
      }),
    )
  }

  #apply(from: string, number: number, update: Uint8Array, isSaved: boolean): void {
    const { doc, environment, origin, unsaved } = this.#owner
    let isNews = false
    const note = (): void => {
      isNews = true
    }
    doc.on('update', note)
    guarded(this.#owner, () => Y.applyUpdate(doc, update, origin))
    doc.off('update', note)
    // What waits for the server to send its past raises no event, neither now nor then.
    const mayBeNews = isNews || hasPending(doc)
    if (!mayBeNews || isSaved) return
    if (unsaved.isCrowded) this.#owner.forward()
    unsaved.addOfTab(from, number, update)
    this.#owner.onUnsavedChanged()
    this.#forwardTimer ??= environment.setTimer(() => {
      this.#forwardTimer = undefined
      this.#owner.forward()
    }, forwardMs)
  }

  #stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#owner.doc)
  }

  #post(message: TabMessage): void {
    guarded(this.#owner, () => this.#channel?.postMessage(message))
  }
}
