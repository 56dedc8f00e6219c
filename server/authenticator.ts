import { CairnError } from '../protocol/errors.js'
import {
  type Authenticate,
  anonymous,
  type ConnectionRequest,
  type Principal,
} from './principal.js'

const maxIdBytes = 255

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
    const { id, access } = principal
    const isUsable = typeof id === 'string' && Buffer.byteLength(id) <= maxIdBytes
    if (isUsable && (access === 'read' || access === 'write')) return principal
    throw new CairnError(
      'INTERNAL',
      'authenticate must resolve with an id, a string of at most ' +
        `${maxIdBytes} bytes, and an access, 'read' or 'write'`,
    )
  }
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
