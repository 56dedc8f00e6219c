import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ClassicLevel } from 'classic-level'
import { WebSocket, WebSocketServer } from 'ws'
import * as Y from 'yjs'
import type { ExportedDocument } from '../persistence/document-store.js'
import { levelStore } from '../persistence/index.js'
import { encodeSyncStep1 } from '../protocol/codec.js'
import type { Environment } from '../runtime/environment.js'
import { type CairnServer, createServer } from '../server/index.js'
import { emptyStateVector } from './raw-client.js'

export interface ColdOpenOptions {
  readonly environment: Environment
  /** What is opened: the whole document as one compacted Yjs v1 update. */
  readonly update: Uint8Array
  /** Measurements of each kind, taken in turn. */
  readonly repeats: number
}

/** Milliseconds from the connection attempt to the last byte at the client, in the order taken. */
export interface ColdOpenTimes {
  /** Cairn: the document was not in memory. */
  readonly cairn: readonly number[]
  /** The same bytes read from LevelDB by a bare ws server, which knows nothing else. */
  readonly bare: readonly number[]
}

const name = 'cold'
const syncStep2 = 1

/** Opens the same bytes through Cairn and through the least that could carry them, in turn. */
export async function measureColdOpen(options: ColdOpenOptions): Promise<ColdOpenTimes> {
  const { environment, update, repeats } = options
  const directory = await mkdtemp(path.join(tmpdir(), 'cairn-cold-'))
  const cairn = await startCairn(path.join(directory, 'cairn'), update)
  const bare = await startBare(path.join(directory, 'bare'), update)
  const times = { cairn: [] as number[], bare: [] as number[] }
  try {
    // The first of each opens tables and compiles code, so it is not counted.
    for (let repeat = 0; repeat <= repeats; repeat++) {
      const fromCairn = await timeToLastByte(cairn.url, environment, isEndOfSync)
      await unloaded(cairn.server, environment)
      const fromBare = await timeToLastByte(bare.url, environment, () => true)
      if (repeat === 0) continue
      times.cairn.push(fromCairn)
      times.bare.push(fromBare)
    }
    return times
  } finally {
    await bare.stop()
    await cairn.server.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function startCairn(directory: string, update: Uint8Array) {
  const store = levelStore(directory)
  await store.open()
  await store.importDocument(compacted(update))
  await store.close()
  const server = createServer({
    store: levelStore(directory),
    timings: { unloadMs: 0, tickMs: 1 },
    // Nothing is kept in memory between two openings.
    limits: { snapshotCacheBytes: 0 },
  })
  const { port } = await server.listen({ port: 0 })
  return { server, url: `ws://127.0.0.1:${port}/${name}` }
}

function compacted(update: Uint8Array): ExportedDocument {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  const snapshot = {
    through: 1,
    update,
    stateVector: Y.encodeStateVector(doc),
    // An update that lacks nothing but deletes is the byte 0 and the delete set.
    deleteSet: Y.encodeStateAsUpdate(doc, Y.encodeStateVector(doc)).subarray(1),
    rootNames: [...doc.share.keys()],
    subdocuments: 0,
  }
  doc.destroy()
  return { name, epoch: new Uint8Array(16).fill(7), createdAt: 0, snapshot, records: [] }
}

async function startBare(directory: string, update: Uint8Array) {
  const level = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' })
  await level.put(name, update)
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  server.on('connection', (socket) => {
    level.get(name).then(
      (value) => value !== undefined && socket.send(value),
      (error: unknown) => socket.close(1011, String(error)),
    )
  })
  await new Promise<void>((resolve) => server.once('listening', resolve))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`,
    async stop() {
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await level.close()
    },
  }
}

/** Connects, asks for everything, and stops the clock at the frame that `isLast` recognises. */
function timeToLastByte(
  url: string,
  environment: Environment,
  isLast: (frame: Buffer) => boolean,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = environment.now()
    const socket = new WebSocket(url, { perMessageDeflate: false })
    let elapsed: number | undefined
    socket.on('open', () => socket.send(encodeSyncStep1(emptyStateVector)))
    socket.on('message', (frame: Buffer) => {
      if (elapsed !== undefined || !isLast(frame)) return
      elapsed = environment.now() - startedAt
      socket.close()
    })
    socket.on('error', reject)
    socket.on('close', (code) => {
      if (elapsed === undefined) reject(new Error(`closed with ${code} before the last byte`))
      else resolve(elapsed)
    })
  })
}

function isEndOfSync(frame: Buffer): boolean {
  return frame[0] === 0 && frame[1] === syncStep2
}

async function unloaded(server: CairnServer, environment: Environment): Promise<void> {
  while (server.documentCount > 0) {
    await new Promise<void>((resolve) => environment.setTimer(resolve, 1))
  }
}
