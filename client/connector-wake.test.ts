import { afterEach, describe, expect, test, vi } from 'vitest'
import { ProviderRig, type RigOptions } from '../test/provider-rig.js'

const rigs: ProviderRig[] = []

function rig(options: RigOptions = {}): ProviderRig {
  const made = new ProviderRig(options)
  rigs.push(made)
  return made
}

/** A page whose events the test raises. */
class FakePage extends EventTarget {
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  readonly navigator = { onLine: true }
}

/** A provider that has failed so often that its next attempt is half a minute away. */
async function waiting(page: FakePage): Promise<ProviderRig> {
  const made = rig({ page })
  vi.spyOn(made.environment, 'random').mockReturnValue(0.99)
  for (let attempt = 0; attempt < 7; attempt++) await made.reconnect()
  made.socket.end()
  await made.environment.advance(1_500)
  return made
}

afterEach(() => {
  for (const { provider, doc } of rigs.splice(0)) {
    provider.destroy()
    doc.destroy()
  }
})

describe('C13 a wake-up', () => {
  test('gives up a socket that has been opening for 3 s, and tries another', async () => {
    const page = new FakePage()
    const { network, environment } = rig({ page })
    await environment.advance(2_900)
    page.dispatchEvent(new Event('online'))
    expect(network.sockets).toHaveLength(1)
    await environment.advance(100)
    page.dispatchEvent(new Event('online'))
    expect(network.sockets).toHaveLength(2)
    expect(network.sockets[0]?.closedWith).toBe(1000)
  })

  test.each(['online', 'pageshow'])('on %s brings the next attempt at once', async (event) => {
    const page = new FakePage()
    const made = await waiting(page)
    const { length } = made.network.sockets
    page.dispatchEvent(new Event(event))
    expect(made.network.sockets).toHaveLength(length + 1)
  })

  test('soon after an attempt brings the next a second after that', async () => {
    const page = new FakePage()
    const made = await waiting(page)
    // The lid is opened, and the network is there a moment later.
    page.document.dispatchEvent(new Event('visibilitychange'))
    const { length } = made.network.sockets
    made.socket.end()
    await made.environment.advance(700)
    page.dispatchEvent(new Event('online'))
    await made.environment.advance(299)
    expect(made.network.sockets).toHaveLength(length)
    await made.environment.advance(1)
    expect(made.network.sockets).toHaveLength(length + 1)
  })

  test('brings no more than one attempt a second', async () => {
    const page = new FakePage()
    const made = await waiting(page)
    const { length } = made.network.sockets
    for (let i = 0; i < 100; i++) {
      page.dispatchEvent(new Event('online'))
      made.socket.end()
      await made.environment.advance(100)
    }
    expect(made.network.sockets.length - length).toBeLessThanOrEqual(11)
    expect(made.network.sockets.length - length).toBeGreaterThan(5)
  })

  test('C11 leaves a server in peace that said when to come back', async () => {
    const page = new FakePage()
    const { network, environment } = rig({ page })
    network.socket.end(1012, 'GOING_AWAY;retry-after=60000: restart')
    await environment.advance(30_000)
    page.dispatchEvent(new Event('online'))
    await environment.advance(29_999)
    expect(network.sockets).toHaveLength(1)
    await environment.advance(1_000)
    expect(network.sockets).toHaveLength(2)
  })

  test('C29 counts what it gives up as failed, so that the fallback gets its turn', async () => {
    const page = new FakePage()
    let asked = 0
    const fallback = (): never => {
      asked++
      throw new Error('not here either')
    }
    const made = rig({ page, fallback })
    for (let i = 0; i < 3; i++) {
      expect(asked).toBe(0)
      await made.environment.advance(5_000)
      page.document.dispatchEvent(new Event('visibilitychange'))
      await made.environment.settle()
    }
    expect(asked).toBe(1)
    expect(made.provider.status.attempts).toBeGreaterThanOrEqual(3)
  })

  test('asks a connection that stands, and it is lost within 3 s where nothing answers', async () => {
    const page = new FakePage()
    const { network, environment, provider } = rig({ page })
    network.socket.greet().sync()
    expect(network.socket.of('ping')).toHaveLength(1)
    page.document.dispatchEvent(new Event('visibilitychange'))
    expect(network.socket.of('ping')).toHaveLength(2)
    await environment.advance(3_000)
    expect(provider.status.reason?.code).toBe('TIMEOUT')
  })

  test('shows offline while the system has no network, and tries all the same', async () => {
    const page = new FakePage()
    const { network, environment, provider } = rig({ page })
    network.socket.greet().sync()
    page.navigator.onLine = false
    page.dispatchEvent(new Event('offline'))
    network.socket.end()
    expect(provider.status.state).toBe('offline')
    await environment.advance(500)
    expect(network.sockets).toHaveLength(2)
  })
})
