import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { EventStreamTransport } from './event-stream-transport.js'

const environment = new SimulatedEnvironment()
let socket: Socket
let transport: EventStreamTransport

beforeEach(() => {
  socket = new Socket()
  const response = new ServerResponse(new IncomingMessage(socket))
  const onGone = (): void => undefined
  transport = new EventStreamTransport(response, { environment, secret: 'secret', onGone })
})

afterEach(() => socket.destroy())

test('what is waited for while the stream is open is not kept by it', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const bodies: WeakRef<Uint8Array>[] = []
  for (let i = 0; i < 10; i++) {
    const length = await transport
      .whileOpen(Promise.resolve(new Uint8Array(10_000)))
      .then((body) => {
        if (body !== undefined) bodies.push(new WeakRef(body))
        return body?.byteLength
      })
    expect(length).toBe(10_000)
  }
  await environment.settle()
  collectGarbage()
  expect(bodies.filter((body) => body.deref() !== undefined)).toHaveLength(0)
})

test('what is waited for is given up when the stream ends, or has ended', async () => {
  const never = new Promise<Uint8Array>(() => undefined)
  const given = transport.whileOpen(never)
  transport.leave(1000)
  expect(await given).toBeUndefined()
  expect(await transport.whileOpen(never)).toBeUndefined()
})
