/** A trace that cannot be read or replayed; the message says where and why. */
export class TraceError extends Error {
  override readonly name = 'TraceError'
}
