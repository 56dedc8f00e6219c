import type { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import type { Environment } from '../../runtime/environment.js'
import { closeFrame, pongFrame } from './client-frame.js'
import { WebSocketReader } from './web-socket-reader.js'

export interface SocketOptions {
  readonly environment: Environment
  /** `ws://` or `wss://`; a path in it comes before `path`. */
  readonly url: string
  readonly path: string
  /** Asked for, if given. */
  readonly subprotocol: string | undefined
}

export interface SocketHandlers {
  /** @param subprotocol what the server chose */
  open(subprotocol: string | undefined): void
  message(bytes: Uint8Array, start: number, end: number): void
  /** Once, however it ends. @param code 1006 where the server sent none */
  close(code: number, reason: string): void
}

const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const largestHead = 16_384
/** A server that does not answer the upgrade in this time is given up. */
const openDeadlineMs = 15_000

/** One WebSocket connection, with as little as possible between the socket and the load. */
export class LoadSocket {
  readonly #socket: Socket
  readonly #handlers: SocketHandlers
  readonly #reader: WebSocketReader
  readonly #key: string
  #state: 'opening' | 'open' | 'closed' = 'opening'
  #head = ''
  #end: { readonly code: number; readonly reason: string } = { code: 1006, reason: 'lost' }

  constructor(options: SocketOptions, handlers: SocketHandlers) {
    const { environment, subprotocol } = options
    const { protocol, hostname, port, host, pathname } = new URL(options.url)
    const path = pathname.replace(/\/$/, '') + options.path
    const isSecure = protocol === 'wss:'
    const address = { host: hostname, port: Number(port || (isSecure ? 443 : 80)) }
    this.#handlers = handlers
    this.#key = btoa(String.fromCharCode(...environment.randomBytes(16)))
    this.#reader = new WebSocketReader({
      message: handlers.message,
      ping: (payload) => this.write(pongFrame(payload)),
      close: (code) => this.#closedByServer(code),
    })
    this.#socket = isSecure
      ? connectSecurely({ ...address, servername: hostname })
      : connect(address)
    this.#socket.setNoDelay(true)
    const timer = environment.setTimer(
      () => this.#fail(`no answer to the upgrade in ${openDeadlineMs} ms`),
      openDeadlineMs,
    )
    this.#socket.write(upgradeRequest(path, host, this.#key, subprotocol))
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk, () => timer.cancel()))
    this.#socket.on('error', (error) => {
      if (this.#end.code === 1006) this.#end = { code: 1006, reason: error.message }
    })
    this.#socket.on('close', () => {
      timer.cancel()
      this.#state = 'closed'
      handlers.close(this.#end.code, this.#end.reason)
    })
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether what was written last waits in this process. */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain
  }

  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten
  }

  /** Whole frames, made by `client-frame.ts`. */
  write(frames: Uint8Array): void {
    if (this.#state === 'open') this.#socket.write(frames)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Leaves in order. */
  close(): void {
    this.write(closeFrame(1000))
    this.#end = { code: 1000, reason: 'left' }
    this.#socket.end()
  }

  /** As when the machine is gone. */
  destroy(): void {
    this.#end = { code: 1006, reason: 'cut' }
    this.#socket.destroy()
  }

  #receive(chunk: Buffer, onOpen: () => void): void {
    try {
      if (this.#state === 'open') this.#reader.push(chunk)
      else this.#receiveHead(chunk, onOpen)
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error))
    }
  }

  #receiveHead(chunk: Buffer, onOpen: () => void): void {
    // Latin-1 keeps one byte for one character, and what follows the head may be in the chunk.
    this.#head += chunk.toString('latin1')
    const end = this.#head.indexOf('\r\n\r\n')
    if (end === -1 && this.#head.length < largestHead) return
    const head = this.#head.slice(0, end)
    const accept = createHash('sha1').update(`${this.#key}${acceptGuid}`).digest('base64')
    if (!/^HTTP\/1\.1 101 /.test(head) || !head.includes(accept)) {
      throw new Error(`the server answered the upgrade with: ${head.split('\r\n')[0]}`)
    }
    onOpen()
    this.#state = 'open'
    this.#handlers.open(/^sec-websocket-protocol: *(\S+)/im.exec(head)?.[1])
    const bytesAfter = this.#head.length - end - 4
    this.#head = ''
    if (bytesAfter > 0) this.#reader.push(chunk.subarray(chunk.length - bytesAfter))
  }

  #closedByServer(code: number): void {
    this.#end = { code, reason: 'closed by the server' }
    this.write(closeFrame(1000))
    this.#socket.end()
  }

  #fail(reason: string): void {
    this.#end = { code: 1006, reason }
    this.#socket.destroy()
  }
}

function upgradeRequest(
  path: string,
  host: string,
  key: string,
  subprotocol: string | undefined,
): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}
