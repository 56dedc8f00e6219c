import { expect, test } from 'vitest'
import { VirtualTime } from '../../runtime/virtual-time.js'
import type { Endpoint, WireMessage } from './endpoint.js'
import { Link } from './link.js'
import { linkClasses } from './link-class.js'
import { RandomStream } from './random-stream.js'
import { SimulatedNetwork } from './simulated-network.js'

const nothing = { upstream: [], downstream: [], outages: [] }

function network(capacity = 1_000) {
  const time = new VirtualTime()
  const simulated = new SimulatedNetwork(time, capacity)
  const link = new Link(time, nothing, new RandomStream(1))
  const heard: string[] = []
  const listenTo = (name: string, endpoint: Endpoint) =>
    endpoint.attach({
      onMessage: (message: WireMessage) => heard.push(`${name} got ${message.length}`),
      onDrain: () => heard.push(`${name} drained`),
      onPong: () => heard.push(`${name} pong`),
      onClose: (code) => heard.push(`${name} closed ${code}`),
    })
  const open = (use: (client: Endpoint, server: Endpoint) => void) => {
    let accepted: Endpoint | undefined
    simulated.listen((endpoint) => {
      accepted = endpoint
      listenTo('server', endpoint)
      return 'protocol'
    })
    simulated.connect(
      link,
      { url: '/', protocols: [] },
      {
        onOpen: (client) => {
          listenTo('client', client)
          if (accepted !== undefined) use(client, accepted)
        },
        onRefused: () => heard.push('refused'),
      },
    )
  }
  return { time, simulated, link, heard, open }
}

test('messages, pongs and an orderly close reach the other side', async () => {
  const { time, heard, open } = network()
  open((client, server) => {
    client.send('hello')
    server.ping()
    time.after(5, () => server.close(1012, 'later'))
  })
  await time.run()
  expect(heard).toEqual(['server got 5', 'server pong', 'client closed 1012', 'server closed 1012'])
})

test('nobody listens: a connection is refused, and so is one over a link that is down', async () => {
  const { time, simulated, link, heard } = network()
  const events = { onOpen: () => undefined, onRefused: () => heard.push(`refused at ${time.now}`) }
  simulated.connect(link, { url: '/', protocols: [] }, events)
  await time.run()
  link.trouble({ type: 'down' }, 100)
  simulated.connect(link, { url: '/', protocols: [] }, events)
  await time.run()
  expect(heard).toHaveLength(2)
})

test('what the other side does not read fills the network, then waits here', async () => {
  const { time, heard, open } = network(100)
  let waiting = -1
  open((client, server) => {
    client.pause()
    for (let index = 0; index < 3; index++) server.send(new Uint8Array(98))
    server.awaitDrain()
    time.after(10, () => {
      waiting = server.bufferedBytes
      client.resume()
    })
  })
  await time.run()
  expect(waiting).toBe(200)
  expect(heard).toEqual(['client got 98', 'client got 98', 'client got 98', 'server drained'])
})

test('a terminated side is told at once, the other one by the network', async () => {
  const { time, heard, open } = network()
  open((client) => client.terminate())
  await time.run()
  expect(heard).toEqual(['client closed 1006', 'server closed 1006'])
})

test('a power cut tells nobody until there is power again', async () => {
  const { time, simulated, heard, open } = network()
  open((client) => {
    simulated.losePower()
    client.send('into the dark')
    time.after(1_000, () => {
      heard.push('power')
      simulated.regainPower()
    })
  })
  await time.run()
  expect(heard).toEqual(['power', 'client closed 1006'])
})

test('a held link delays, and a reset one ends both sides', async () => {
  const { time, link, heard, open } = network()
  open((client) => {
    link.trouble({ type: 'timeout', timeout: 0 }, 500)
    client.send('held')
    time.after(400, () => heard.push('nothing yet'))
    time.after(600, () => link.trouble({ type: 'reset_peer', timeout: 0 }, 1))
  })
  await time.run()
  expect(heard).toEqual(['nothing yet', 'server got 4', 'server closed 1006', 'client closed 1006'])
})

test('a train comes and goes until it is healed', async () => {
  const time = new VirtualTime()
  const { train } = linkClasses
  if (train === undefined) throw new Error('expected a class named train')
  const link = new Link(time, train, new RandomStream(5))
  let downs = 0
  const look = (): void => {
    if (link.isDown) downs++
    if (time.now < 60_000) time.after(100, look)
    else link.heal()
  }
  look()
  await time.run()
  expect(downs).toBeGreaterThan(0)
  expect(link.isDown).toBe(false)
})
