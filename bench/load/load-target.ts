import type { DialectName } from './dialect.js'

/** The server that a load is for. */
export interface LoadTarget {
  /** `ws://host:port`, and a path that comes before the document's name, if there is one. */
  readonly url: string
  readonly dialect: DialectName
  /** Whether it speaks `cairn.v1`, so that it acknowledges what is durable. */
  readonly acknowledges: boolean
  /** Whether it keeps documents, so that who comes later gets them. A relay does not. */
  readonly keepsDocuments: boolean
}
