import { Buffer } from 'node:buffer'
import { ByteWriter } from '../../protocol/byte-writer.js'
import { messageType } from '../../protocol/message.js'

/** How the messages of a document travel; the messages inside are those of y-protocols. */
export interface Dialect {
  /** The path of the address, percent-encoded. */
  path(document: string): string
  /** What stands before every message, in both directions. */
  prefix(document: string): Uint8Array
  /** Messages that a client sends before anything else, prefixes included. */
  opening(document: string): readonly Uint8Array[]
  /** The message type by which a server takes one update after the other; undefined for none. */
  readonly statusType: number | undefined
}

const nothing = new Uint8Array(0)

/** y-websocket: the path names the document. */
export const yWebsocketDialect: Dialect = {
  path: (document) => `/${encodeURIComponent(document)}`,
  prefix: () => nothing,
  opening: () => [],
  statusType: undefined,
}

/** Hocuspocus 4: one socket for many documents, each message under its document's name. */
export const hocuspocusDialect: Dialect = {
  path: () => '/',
  prefix: namePrefix,
  opening(document) {
    const token = new ByteWriter(32)
    token.writeVarUint(messageType.auth)
    token.writeVarUint(0)
    token.writeVarString('none')
    token.writeVarString('4.8.0')
    return [Buffer.concat([namePrefix(document), token.finish()])]
  },
  statusType: 8,
}

export type DialectName = 'y-websocket' | 'hocuspocus'

export const dialects: Readonly<Record<DialectName, Dialect>> = {
  'y-websocket': yWebsocketDialect,
  hocuspocus: hocuspocusDialect,
}

function namePrefix(document: string): Uint8Array {
  const writer = new ByteWriter(document.length + 4)
  writer.writeVarString(document)
  return writer.finish()
}
