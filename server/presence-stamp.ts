import type { StampFields } from './presence-options.js'

const utf8 = new TextEncoder()

/**
 * The JSON text of `state`, an object, with `fields` written over its `user`. What the client says of
 * itself besides, as the color of its cursor, stays; `user` that is no object is replaced.
 *
 * Parsing settles what JSON leaves open: of a key that stands there twice the last counts, and
 * `__proto__` is a key like any other, which goes, since nobody needs it and programs trip over it.
 */
export function stampState(state: Uint8Array, fields: StampFields): Uint8Array {
  const { buffer, byteOffset, byteLength } = state
  const given: unknown = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'))
  const stamped = withoutPrototypeKey(given)
  const user = withoutPrototypeKey(stamped.get('user'))
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) user.delete(name)
    else user.set(name, value)
  }
  stamped.set('user', Object.fromEntries(user))
  return utf8.encode(JSON.stringify(Object.fromEntries(stamped)))
}

function withoutPrototypeKey(value: unknown): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map()
  const entries = new Map<string, unknown>(Object.entries(value))
  entries.delete('__proto__')
  return entries
}
