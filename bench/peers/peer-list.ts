import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../runtime/environment.js'
import { findFreePort } from '../free-port.js'
import { ServerProcess } from '../server-process.js'
import type { Peer, RunningPeer } from './peer.js'
import { ownNode } from './peer-installation.js'
import { PeerProcess } from './peer-process.js'

const relayProgram = fileURLToPath(new URL('./relay-server.js', import.meta.url))
const hocuspocusProgram = fileURLToPath(new URL('./hocuspocus-server.js', import.meta.url))

/** Cairn as it comes: durable by fsync before anybody sees an edit. */
export const cairnPeer: Peer = {
  id: 'cairn',
  name: 'Cairn',
  durability: 'fsync before others see it',
  isPersistent: true,
  acknowledges: true,
  keepsDocuments: true,
  async start(environment, directory) {
    const server = await ServerProcess.start({ environment, dataDirectory: directory })
    return {
      target: { url: server.url, dialect: 'y-websocket', acknowledges: true, keepsDocuments: true },
      pid: server.pid,
      stop: () => server.stop(),
    }
  },
}

export const relayPeer: Peer = {
  id: 'relay',
  name: 'bare `ws` relay',
  durability: 'nothing is kept',
  isPersistent: false,
  acknowledges: false,
  keepsDocuments: false,
  async start(environment) {
    const server = await PeerProcess.start({
      environment,
      command: process.execPath,
      args: [relayProgram],
      announcement: /serving ws:\/\/127\.0\.0\.1:(\d+)/,
    })
    return running(server, server.port, false)
  },
}

/** @param folder where it is installed */
export function yWebsocketPeer(folder: string, withLevelDb: boolean): Peer {
  return {
    id: withLevelDb ? 'y-websocket-server+y-leveldb' : 'y-websocket-server',
    name: `@y/websocket-server 0.1.1${withLevelDb ? ' with y-leveldb' : ''}`,
    durability: withLevelDb ? 'written after others see it' : 'nothing is kept',
    isPersistent: withLevelDb,
    acknowledges: false,
    keepsDocuments: true,
    async start(environment, directory) {
      const port = await findFreePort(environment)
      const server = await PeerProcess.start({
        environment,
        command: process.execPath,
        args: [path.join(folder, 'node_modules', '@y', 'websocket-server', 'src', 'server.js')],
        cwd: folder,
        variables: {
          HOST: '127.0.0.1',
          PORT: `${port}`,
          ...(withLevelDb ? { YPERSISTENCE: directory } : {}),
        },
        announcement: /running at .* on port (\d+)/,
      })
      return running(server, port, true)
    },
  }
}

/** @param folder where it is installed */
export function hocuspocusPeer(folder: string, withSqlite: boolean): Peer {
  return {
    id: withSqlite ? 'hocuspocus+sqlite' : 'hocuspocus',
    name: `Hocuspocus 4.7.0${withSqlite ? ' with SQLite' : ''}`,
    durability: withSqlite ? 'written 2 to 10 s after others see it' : 'nothing is kept',
    isPersistent: withSqlite,
    acknowledges: true,
    keepsDocuments: true,
    async start(environment: Environment, directory: string): Promise<RunningPeer> {
      const port = await findFreePort(environment)
      const database = withSqlite ? [path.join(directory, 'documents.sqlite')] : []
      const server = await PeerProcess.start({
        environment,
        command: ownNode(folder),
        args: [hocuspocusProgram, folder, `${port}`, ...database],
        announcement: /serving ws:\/\/127\.0\.0\.1:(\d+)/,
      })
      return {
        target: {
          url: `ws://127.0.0.1:${port}`,
          dialect: 'hocuspocus',
          acknowledges: true,
          keepsDocuments: true,
        },
        pid: server.pid,
        stop: () => server.stop(),
      }
    },
  }
}

function running(server: PeerProcess, port: number, keepsDocuments: boolean): RunningPeer {
  return {
    target: {
      url: `ws://127.0.0.1:${port}`,
      dialect: 'y-websocket',
      acknowledges: false,
      keepsDocuments,
    },
    pid: server.pid,
    stop: () => server.stop(),
  }
}
