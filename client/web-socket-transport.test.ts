import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { encodeHello } from '../protocol/extension-codec.js'
import { firstHello } from '../test/fake-web-socket.js'
import { ProviderRig } from '../test/provider-rig.js'

const hello = encodeHello(firstHello)

/** What the client has learned once it was given `data`. */
function accessAfter(data: unknown): 'read' | 'write' | undefined {
  const { provider, doc, socket } = new ProviderRig()
  socket.accept()
  socket.onmessage?.({ data })
  const { access } = provider
  provider.destroy()
  doc.destroy()
  return access
}

/** The bytes in an ArrayBuffer of another realm, as those of an iframe or of jsdom are. */
function foreignBuffer(): object {
  const made: unknown = runInNewContext('Uint8Array.from(bytes).buffer', { bytes: [...hello] })
  if (typeof made !== 'object' || made === null || made instanceof ArrayBuffer) {
    throw new Error('this is no ArrayBuffer of another realm')
  }
  return made
}

describe('C35 a WebSocket may give its messages as', () => {
  test.each([
    ['an ArrayBuffer', () => Uint8Array.from(hello).buffer],
    ['an ArrayBuffer of another realm', foreignBuffer],
    ['a Buffer', () => Buffer.from(hello)],
    ['a view into something larger', () => Buffer.concat([hello, hello]).subarray(hello.length)],
    ['a DataView', () => new DataView(Uint8Array.from(hello).buffer)],
  ])('%s', (_form, make) => {
    expect(accessAfter(make())).toBe('write')
  })

  test('a view whose memory is used again', () => {
    const { provider, doc, socket } = new ProviderRig()
    const seen: Uint8Array[] = []
    provider.messageHandlers[77] = (_encoder, { arr }) => seen.push(arr)
    const lent = Uint8Array.of(77, 5)
    socket.accept()
    socket.onmessage?.({ data: lent })
    lent.fill(0)
    expect(seen).toEqual([Uint8Array.of(77, 5)])
    provider.destroy()
    doc.destroy()
  })

  test('no text and no Blob, which are left alone', () => {
    expect(accessAfter('hello')).toBeUndefined()
    expect(accessAfter(new Blob([Uint8Array.from(hello)]))).toBeUndefined()
  })
})
