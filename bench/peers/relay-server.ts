/**
 * The least that a server can do: what arrives in a document goes to everybody else in it, as it
 * is, with one `send` each. It keeps nothing, checks nothing and merges nothing, and so says what
 * `ws` itself costs. Started by `peer-list.ts`; the port is what the system gives.
 */
import type { Buffer } from 'node:buffer'
import { WebSocket, WebSocketServer } from 'ws'
import { encodeSyncStep1, encodeSyncStep2 } from '../../protocol/codec.js'
import { emptyStateVector, emptyUpdate } from '../raw-client.js'

const rooms = new Map<string, Set<WebSocket>>()
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
const emptyAnswer = encodeSyncStep2(emptyUpdate)
const question = encodeSyncStep1(emptyStateVector)

/** Whether a frame asks for what the server has: y-protocols' sync message of kind 0. */
function isSyncStep1(frame: Uint8Array): boolean {
  return frame[0] === 0 && frame[1] === 0
}

function isEmptyAnswer(frame: Uint8Array): boolean {
  return frame.length === emptyAnswer.length && frame[0] === 0 && frame[1] === 1
}

server.on('connection', (socket, request) => {
  const name = request.url ?? '/'
  const room = rooms.get(name) ?? new Set()
  rooms.set(name, room.add(socket))
  socket.on('message', (frame: Buffer) => {
    if (isSyncStep1(frame)) {
      socket.send(emptyAnswer)
      socket.send(question)
    } else if (!isEmptyAnswer(frame)) {
      for (const other of room) {
        if (other !== socket && other.readyState === WebSocket.OPEN) other.send(frame)
      }
    }
  })
  // A close follows.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    room.delete(socket)
    if (room.size === 0) rooms.delete(name)
  })
})

server.on('listening', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) {
    process.stdout.write(`relay: serving ws://127.0.0.1:${address.port}\n`)
  }
})
process.on('SIGTERM', () => process.exit())
