/** Who a connection speaks for, as far as presence needs to know. */
export interface PresencePrincipal {
  /** Empty where nobody authenticated. */
  readonly id: string
  readonly name?: string
}

/** A connection, to presence an opaque object: two of them are the same only if they are identical. */
export interface PresenceOwner {
  readonly id: string
  /** Must not change from the first call that names the owner to its `disconnect`. */
  readonly principal: PresencePrincipal | undefined
  /**
   * A random name of the browser tab that the client says by itself, the same after a reload. It must
   * not be shown to anybody: where nobody authenticates, knowing it is to be that tab.
   */
  readonly tab?: string | undefined
}
