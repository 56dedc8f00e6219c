/**
 * Serves Hocuspocus on a port, from the folder that it was installed in, with the defaults that it
 * comes with. Runs under the Node that Hocuspocus asks for; uses nothing of this project.
 *
 * Arguments: the folder, the port, and a database file for `extension-sqlite`, or nothing.
 */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder = '', port = '', database] = process.argv.slice(2)
const require = createRequire(pathToFileURL(`${folder}/package.json`))

type Constructor = new (options: object) => object

/** A class that a package exports; the packages are not there when this is compiled. */
async function loadClass(packageName: string, name: string): Promise<Constructor> {
  const file = require.resolve(packageName)
  const module: unknown = await import(pathToFileURL(file).href)
  const found: unknown = Object.entries(module ?? {}).find(([key]) => key === name)?.[1]
  if (isConstructor(found)) return found
  throw new Error(`${packageName} has no ${name}`)
}

function isConstructor(value: unknown): value is Constructor {
  return typeof value === 'function'
}

const extensions: object[] = []
if (database !== undefined) {
  const SQLite = await loadClass('@hocuspocus/extension-sqlite', 'SQLite')
  extensions.push(new SQLite({ database }))
}
const Server = await loadClass('@hocuspocus/server', 'Server')
const server = new Server({ port: Number(port), address: '127.0.0.1', quiet: true, extensions })
if (!('listen' in server) || typeof server.listen !== 'function') {
  throw new Error('the server of @hocuspocus/server has no listen')
}
await server.listen()
process.stdout.write(`hocuspocus: serving ws://127.0.0.1:${port}\n`)
