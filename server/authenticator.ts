import { CairnError } from '../protocol/errors.js'
import {
  type Authenticate,
  anonymous,
  type ConnectionRequest,
  type Principal,
} from './principal.js'

const maxIdBytes = 255
/** Below this, which is in 1973, a time was meant in seconds, as in the `exp` of a token. */
const lastSecondsMs = 100_000_000_000
/** The last time that a `Date` has. */
const lastMs = 8_640_000_000_000_000

/**
 * The application's callback with its answers made safe: a principal that can stand in a record, or
 * an error that a connection can be closed with.
 */
export function createAuthenticator(
  authenticate: Authenticate | undefined,
): (request: ConnectionRequest) => Promise<Principal> {
  if (authenticate === undefined) return () => Promise.resolve(anonymous)
  return async (request) => {
    const principal = await call(authenticate, request)
    if (principal === undefined) {
      throw new CairnError('UNAUTHENTICATED', 'the application does not know this connection')
    }
    const { id, access, expiresAt } = principal
    const isUsable = typeof id === 'string' && Buffer.byteLength(id) <= maxIdBytes
    if (expiresAt !== undefined) requireExpiry(expiresAt)
    if (isUsable && (access === 'read' || access === 'write')) return principal
    throw new CairnError(
      'INTERNAL',
      'authenticate must resolve with an id, a string of at most ' +
        `${maxIdBytes} bytes, and an access, 'read' or 'write'`,
    )
  }
}

function requireExpiry(expiresAt: unknown): void {
  const isTime = typeof expiresAt === 'number' && expiresAt > lastSecondsMs && expiresAt <= lastMs
  if (isTime) return
  throw new CairnError(
    'INTERNAL',
    'authenticate must resolve with an expiresAt in milliseconds since the Unix epoch, ' +
      `got ${String(expiresAt)}`,
  )
}

async function call(
  authenticate: Authenticate,
  request: ConnectionRequest,
): Promise<Principal | undefined> {
  try {
    return await authenticate(request)
  } catch (error) {
    if (error instanceof CairnError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new CairnError('UNAUTHENTICATED', message, { cause: error })
  }
}
