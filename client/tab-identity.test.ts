import { beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { FakeNetwork } from '../test/fake-web-socket.js'
import { CairnProvider } from './cairn-provider.js'
import { TabIdentity } from './tab-identity.js'

/** A page of a tab whose storage the test can copy, as a browser does with a tab. */
class FakePage extends EventTarget {
  readonly stored: Map<string, string>
  readonly sessionStorage: {
    getItem(key: string): string | null
    setItem(key: string, value: string): void
  }

  constructor(stored: ReadonlyMap<string, string> = new Map()) {
    super()
    this.stored = new Map(stored)
    this.sessionStorage = {
      getItem: (key) => this.stored.get(key) ?? null,
      setItem: (key, value) => void this.stored.set(key, value),
    }
  }

  raise(event: 'pagehide' | 'pageshow'): void {
    this.dispatchEvent(new Event(event))
  }

  /** The page ends and is loaded again. */
  reload(): FakePage {
    this.raise('pagehide')
    return new FakePage(this.stored)
  }

  duplicate(): FakePage {
    return new FakePage(this.stored)
  }
}

let environment: SimulatedEnvironment
let page: FakePage

beforeEach(() => {
  environment = new SimulatedEnvironment()
  page = new FakePage()
})

function nameOn(on: FakePage): string {
  return new TabIdentity(environment, on).name
}

describe('C31 the name of a tab', () => {
  test('is the same after a reload, however often', () => {
    const name = nameOn(page)
    expect(name).toHaveLength(16)
    const second = page.reload()
    expect(nameOn(second)).toBe(name)
    expect(nameOn(second.reload())).toBe(name)
  })

  test('is another one in a copy of a tab that lives, reloaded or not', () => {
    const name = nameOn(page)
    expect(nameOn(page.duplicate())).not.toBe(name)
    const reloaded = page.reload()
    expect(nameOn(reloaded)).toBe(name)
    expect(nameOn(reloaded.duplicate())).not.toBe(name)
  })

  test('is another one for each provider of a page, and each gets its own again', () => {
    const names = [nameOn(page), nameOn(page)]
    expect(names[0]).not.toBe(names[1])
    const reloaded = page.reload()
    expect([nameOn(reloaded), nameOn(reloaded)]).toEqual(names)
  })

  test('is kept by a page that the browser shows again', () => {
    const name = nameOn(page)
    page.raise('pagehide')
    page.raise('pageshow')
    expect(nameOn(page.duplicate())).not.toBe(name)
    expect(nameOn(page.reload())).toBe(name)
  })

  test('is not left by a provider that was destroyed', () => {
    const identity = new TabIdentity(environment, page)
    identity.release()
    expect(nameOn(page.reload())).not.toBe(identity.name)
  })

  test('is good for a minute: a copy that is made later may find it too', async () => {
    const name = nameOn(page)
    const reloaded = page.reload()
    const copy = reloaded.duplicate()
    await environment.advance(60_000)
    expect(nameOn(reloaded)).toBe(name)
    await environment.advance(1)
    expect(nameOn(copy)).not.toBe(name)
  })

  test.each(['', ' ', 'junk', '@5', 'x@', 'x@y', `${'x'.repeat(65)}@0`])(
    'is not taken from what is none: "%s"',
    (junk) => {
      page.stored.set('cairn.tab', junk)
      const name = nameOn(page)
      expect(name).toHaveLength(16)
      expect(nameOn(page.reload())).toBe(name)
    },
  )

  test('is another one each time where nothing can be stored', () => {
    const forbidden = {
      get sessionStorage(): never {
        throw new Error('forbidden')
      },
    }
    const names = [forbidden, forbidden, {}, {}].map(
      (globals) => new TabIdentity(environment, globals).name,
    )
    expect(new Set(names).size).toBe(4)
  })
})

test('C31 two providers of a page are two to the server, until they are destroyed', () => {
  const sent = (): string[] => {
    const network = new FakeNetwork()
    const providers = [new Y.Doc(), new Y.Doc()].map((doc) => {
      const { WebSocket: WebSocketPolyfill } = network
      const options = { environment, page, WebSocketPolyfill, disableBc: true, fallback: false }
      return new CairnProvider('ws://server', 'notes', doc, options)
    })
    const tabs = network.sockets.flatMap((socket) => socket.accept().of('tab'))
    for (const provider of providers) provider.destroy()
    return tabs.map(({ tab }) => tab)
  }
  const names = [...sent(), ...sent()]
  page.raise('pagehide')
  expect(page.stored.get('cairn.tab')).toBeUndefined()
  expect(new Set(names).size).toBe(4)
})
