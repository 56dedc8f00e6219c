import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Environment } from '../runtime/environment.js'

/** Systems give ports from 32,768 (Linux) or 49,152 on to whoever asks for any. */
const lowestPort = 10_000
const ports = 22_000
const mostTries = 100

/**
 * A port of 127.0.0.1 that nobody uses now and that the system gives to nobody who asks for any: for
 * servers that cannot be told to take any, and for those that come back to the port they had.
 * @throws Error where so many tries found none
 */
export async function findFreePort(environment: Pick<Environment, 'random'>): Promise<number> {
  for (let tries = 0; tries < mostTries; tries++) {
    const port = lowestPort + Math.floor(environment.random() * ports)
    if (await isFree(port)) return port
  }
  throw new Error(`expected a free port from ${lowestPort} on, found none in ${mostTries} tries`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
