import { decodeClientMessage } from '../protocol/codec.js'
import type { ResumeMessage } from '../protocol/message.js'
import { decodeStateVector } from '../protocol/state-vector.js'
import { unreachable } from '../runtime/assert.js'

/** What a message can ask of the connection that it came on. */
export interface MessageReceiver {
  /** Sync step 1: the other side knows this much. */
  answerSync(known: ReadonlyMap<number, number>): void
  /** An update, by itself or as sync step 2. */
  receiveUpdate(update: Uint8Array): void
  receiveAwareness(awareness: Uint8Array): void
  answerAwarenessQuery(): void
  answerPing(payload: Uint8Array): void
  /** The client says which browser tab it lives in. */
  nameTab(tab: string): void
  /** A newer token of the same principal. */
  renewToken(token: string): void
  /** Where the client stood; its next sync step 1 may be answered by what came after. */
  resumeFrom(place: Omit<ResumeMessage, 'type'>): void
  /** A word to the others, of which nothing is kept. */
  receiveSignal(id: number, payload: string): void
}

/**
 * Step 1 of every frame: one message, all of its bytes, to the one place that handles it.
 * @throws MALFORMED_MESSAGE, MALFORMED_STATE_VECTOR, and what the receiver throws
 */
export function receiveMessage(receiver: MessageReceiver, frame: Uint8Array): void {
  const message = decodeClientMessage(frame)
  switch (message.type) {
    case 'sync-step-1':
      receiver.answerSync(decodeStateVector(message.stateVector))
      break
    case 'sync-step-2':
    case 'update':
      receiver.receiveUpdate(message.update)
      break
    case 'awareness':
      receiver.receiveAwareness(message.awareness)
      break
    case 'query-awareness':
      receiver.answerAwarenessQuery()
      break
    case 'ping':
      receiver.answerPing(message.payload)
      break
    case 'tab':
      receiver.nameTab(message.tab)
      break
    case 'token':
      receiver.renewToken(message.token)
      break
    case 'resume':
      receiver.resumeFrom(message)
      break
    case 'signal':
      receiver.receiveSignal(message.id, message.payload)
      break
    // A client has no say in who may do what, and what later versions add is theirs to ignore.
    case 'auth':
    case 'pong':
    case 'unknown':
      break
    default:
      unreachable(message)
  }
}
