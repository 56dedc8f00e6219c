import type { StampFields } from './presence-options.js'

const utf8 = new TextEncoder()
const prototypeKey = '__proto__'

/**
 * The JSON text of `state`, an object, with `fields` written over its `user`. What the client says of
 * itself besides, as the color of its cursor, stays; `user` that is no object is replaced.
 *
 * Parsing settles what JSON leaves open: of a key that stands there twice the last counts, and
 * `__proto__` is a key like any other, which goes, since nobody needs it and programs trip over it.
 */
export function stampState(state: Uint8Array, fields: StampFields): Uint8Array {
  const { buffer, byteOffset, byteLength } = state
  const stamped: unknown = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'))
  if (!isRecord(stamped)) throw new TypeError('expected a state that is an object')
  const user: Record<string, unknown> = isRecord(stamped.user) ? stamped.user : {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) delete user[name]
    else if (name !== prototypeKey) user[name] = value
  }
  stamped.user = user
  // Own properties by now, as JSON.parse makes them; reading or writing them would not find these.
  for (const object of [stamped, user]) {
    if (Object.hasOwn(object, prototypeKey)) Reflect.deleteProperty(object, prototypeKey)
  }
  return utf8.encode(JSON.stringify(stamped))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
