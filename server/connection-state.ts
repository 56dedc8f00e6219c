import type { Timer } from '../runtime/environment.js'
import type { Document } from './document.js'
import type { EarlyFrames } from './early-frames.js'
import type { OpenDocument } from './open-document.js'
import type { SyncReplies } from './sync-replies.js'

/** joining -> live -> closed, or joining -> closed. */
export type ConnectionState = JoiningState | LiveState | { readonly name: 'closed' }

export interface JoiningState {
  readonly name: 'joining'
  readonly early: EarlyFrames
  readonly timer: Timer | undefined
}

export interface LiveState {
  readonly name: 'live'
  readonly document: Document
  readonly open: OpenDocument
  readonly replies: SyncReplies
}
