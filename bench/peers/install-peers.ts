import type { Comparison } from './comparison.js'
import type { Peer } from './peer.js'
import { hocuspocus, type Installation, install, yWebsocketServer } from './peer-installation.js'
import { cairnPeer, hocuspocusPeer, relayPeer, yWebsocketPeer } from './peer-list.js'

export interface InstalledPeers {
  readonly peers: readonly Peer[]
  readonly absent: Comparison['absent']
}

const families: readonly {
  readonly name: string
  readonly installation: Installation
  readonly ids: readonly string[]
  peers(folder: string): readonly Peer[]
  /** Why it cannot run on this machine. */
  obstacle(): string | undefined
}[] = [
  {
    name: '@y/websocket-server 0.1.1',
    installation: yWebsocketServer,
    ids: ['y-websocket-server', 'y-websocket-server+y-leveldb'],
    peers: (folder) => [yWebsocketPeer(folder, false), yWebsocketPeer(folder, true)],
    obstacle: () => undefined,
  },
  {
    name: 'Hocuspocus 4.7.0',
    installation: hocuspocus,
    ids: ['hocuspocus', 'hocuspocus+sqlite'],
    peers: (folder) => [hocuspocusPeer(folder, false), hocuspocusPeer(folder, true)],
    obstacle() {
      if (process.platform === 'linux' && process.arch === 'x64') return undefined
      return `it asks for Node 22, which is installed for linux-x64, not ${process.platform}-${process.arch}`
    },
  },
]

/** The ids of all servers that can be compared. */
export const peerIds: readonly string[] = [
  cairnPeer.id,
  relayPeer.id,
  ...families.flatMap(({ ids }) => ids),
]

/** Installs what the servers of the ids need; one that cannot be installed is absent, with why. */
export async function installPeers(
  ids: readonly string[],
  cache: string,
  say: (line: string) => void,
): Promise<InstalledPeers> {
  const peers: Peer[] = [cairnPeer, relayPeer]
  const absent: (readonly [string, string])[] = []
  for (const family of families) {
    if (!family.ids.some((id) => ids.includes(id))) continue
    const obstacle = family.obstacle()
    try {
      if (obstacle !== undefined) throw new Error(obstacle)
      peers.push(...family.peers(await install(family.installation, cache, say)))
    } catch (error) {
      absent.push([family.name, error instanceof Error ? error.message : String(error)])
    }
  }
  return { peers: peers.filter(({ id }) => ids.includes(id)), absent }
}
