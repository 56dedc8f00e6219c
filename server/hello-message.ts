import { encodeHello } from '../protocol/extension-codec.js'
import type { OpenDocument } from './open-document.js'
import type { ResolvedOptions } from './options.js'
import type { Principal } from './principal.js'

/** The first message of an extended connection: who it is, where it stands, and what it may rely on. */
export function helloMessage(
  connection: { readonly id: string; readonly principal: Principal },
  open: OpenDocument,
  { store, limits, timings }: ResolvedOptions,
): Uint8Array {
  return encodeHello({
    connectionId: connection.id,
    access: connection.principal.access,
    epoch: open.position.epoch,
    position: open.position.bytes,
    durability: store.durability,
    maxUpdateBytes: limits.updateBytes,
    heartbeatMs: timings.keepAliveMs,
  })
}
