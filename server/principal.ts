/** Who authenticated, and what they may do. */
export interface Principal {
  /** Stands in every record that they write; at most 255 bytes. */
  readonly id: string
  readonly name?: string
  readonly access: Access
  /**
   * When what they showed is no longer good, in milliseconds since the Unix epoch. The connection is
   * closed with TOKEN_EXPIRED 5 seconds later, unless a newer token has come. @default never
   */
  readonly expiresAt?: number | undefined
}

export type Access = 'read' | 'write'

/** What is known of a connection before anybody says who it is. */
export interface ConnectionRequest {
  readonly documentName: string
  /** The address as the client asked for it, path and query. */
  readonly url: string
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly remoteAddress: string | undefined
  /**
   * What the client shows of itself: from the WebSocket subprotocol `cairn.token.` and base64url,
   * else `Authorization: Bearer`, else the query parameter `token`. A newer one that the client sends
   * over its connection takes its place, whatever stands in the headers and the address.
   */
  readonly token?: string | undefined
}

/**
 * Says who a connection is. Throwing, or resolving with undefined, refuses it: a `CairnError` with
 * its own close code, anything else with 4401. It is called again, with the same request, for a newer
 * token of the same connection.
 */
export type Authenticate = (
  request: ConnectionRequest,
) => Principal | undefined | Promise<Principal | undefined>

/** The principal of everybody where no `authenticate` is given. */
export const anonymous: Principal = Object.freeze({ id: '', access: 'write' })
