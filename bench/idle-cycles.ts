import * as Y from 'yjs'
import { decodeServerMessage, encodeSyncStep1, encodeUpdate } from '../protocol/codec.js'
import type { Environment } from '../runtime/environment.js'
import type { CairnServer } from '../server/index.js'
import { InProcessSocket } from './in-process-socket.js'
import { emptyStateVector } from './raw-client.js'

export interface IdleCyclesOptions {
  readonly server: CairnServer
  readonly environment: Environment
  readonly cycles: number
  readonly names: number
  /** Documents that are open at once. @default 50 */
  readonly together?: number
  /** Called after each group with the cycles that are done; awaited. */
  readonly onCycles?: (done: number) => Promise<void> | void
}

/**
 * Opens a document, writes to it, closes it, and waits until the server has let go of it: so many
 * times over so many names. What a server leaves behind each time adds up here.
 */
export async function runIdleCycles(options: IdleCyclesOptions): Promise<void> {
  const { server, environment, cycles, names, together = 50, onCycles } = options
  for (let done = 0; done < cycles; ) {
    const group = Math.min(together, cycles - done)
    await Promise.all(
      Array.from({ length: group }, (_, index) => cycle(server, `name ${(done + index) % names}`)),
    )
    while (server.documentCount > 0) {
      await new Promise<void>((resolve) => environment.setTimer(resolve, 1))
    }
    done += group
    await onCycles?.(done)
  }
}

/** Resolves once the edit is acknowledged and the connection closed. */
function cycle(server: CairnServer, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new InProcessSocket(
      (frame) => {
        const message = decodeServerMessage(frame)
        if (message.type === 'sync-step-2') socket.deliver(encodeUpdate(oneEdit()))
        if (message.type === 'acknowledge') socket.close(cleanClose)
      },
      (code) => {
        if (code === cleanClose) resolve()
        else reject(new Error(`the connection to "${name}" was closed with ${code}`))
      },
    )
    const request = { documentName: name, url: `/${name}`, headers: {}, remoteAddress: undefined }
    server.accept(socket, request, true)
    socket.deliver(encodeSyncStep1(emptyStateVector))
  })
}

const cleanClose = 1000

function oneEdit(): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'x')
  const update = Y.encodeStateAsUpdate(doc)
  doc.destroy()
  return update
}
