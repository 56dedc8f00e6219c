/**
 * A thread that does nothing but simulate. The globals are replaced before Yjs, lib0, y-protocols and
 * y-websocket are loaded, so whatever may load them is imported after that.
 */
import { parentPort } from 'node:worker_threads'
import { installVirtualGlobals } from '../../runtime/virtual-globals.js'
import { mountedMachines } from './mounted-machines.js'
import { installVirtualFiles } from './virtual-files.js'

const port = parentPort
if (port === null) throw new Error('simulation-thread runs as a worker thread only')

const globals = installVirtualGlobals()
installVirtualFiles((path) => mountedMachines.find(path))
const { serveRequests } = await import('./thread-service.js')
await serveRequests(port, globals)
