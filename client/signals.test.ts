import { beforeEach, describe, expect, test } from 'vitest'
import { encodeReceivedSignal, encodeSignalReceipt } from '../protocol/extension-codec.js'
import { firstHello } from '../test/fake-web-socket.js'
import { ProviderRig } from '../test/provider-rig.js'

let rig: ProviderRig

beforeEach(() => {
  rig = new ProviderRig().goLive()
  return () => {
    rig.provider.destroy()
    rig.doc.destroy()
  }
})

describe('C34 a signal', () => {
  test('carries a JSON value, and asks for no receipt', () => {
    rig.provider.signal({ scrollTo: 7 })
    expect(rig.socket.of('signal')).toEqual([{ type: 'signal', id: 0, payload: '{"scrollTo":7}' }])
  })

  test('of another comes with who sent it', () => {
    const signal = { connectionId: 'x', principal: 'ada', payload: '[1]' }
    rig.socket.receive(encodeReceivedSignal(signal))
    rig.socket.receive(encodeReceivedSignal({ ...signal, payload: 'no json' }))
    expect(rig.of('signal')).toEqual([{ from: 'x', principal: 'ada', value: [1] }])
  })

  test('with a receipt resolves with how many it reached, each its own', async () => {
    const [first, second] = [
      rig.provider.signalAcknowledged('a'),
      rig.provider.signalAcknowledged('b'),
    ]
    const receipt = { code: '', retryAfterMs: 0 }
    rig.socket.receive(encodeSignalReceipt({ id: 2, reached: 5, ...receipt }))
    rig.socket.receive(encodeSignalReceipt({ id: 1, reached: 0, ...receipt }))
    rig.socket.receive(encodeSignalReceipt({ id: 99, reached: 1, ...receipt }))
    expect(await first).toEqual({ reached: 0 })
    expect(await second).toEqual({ reached: 5 })
  })

  test('that the server drops rejects with its code', async () => {
    const sent = rig.provider.signalAcknowledged('a')
    const receipt = { id: 1, reached: 0, code: 'RATE', retryAfterMs: 250 }
    rig.socket.receive(encodeSignalReceipt(receipt))
    await expect(sent).rejects.toMatchObject({ code: 'RATE', retryAfterMs: 250 })
  })

  test('whose connection is lost rejects, since nobody knows what became of it', async () => {
    const sent = rig.provider.signalAcknowledged('a')
    rig.socket.end()
    await expect(sent).rejects.toMatchObject({ code: 'NOT_CONNECTED' })
    expect(() => rig.provider.signal('b')).toThrow('no connection')
  })

  test('that would end the connection by its size is refused here', async () => {
    const sent = rig.provider.signalAcknowledged('x'.repeat(firstHello.maxUpdateBytes))
    await expect(sent).rejects.toMatchObject({ code: 'TOO_LARGE' })
    expect(rig.socket.of('signal')).toEqual([])
  })

  test('is not sent to a server that takes none, or that is no JSON value', async () => {
    expect(() => rig.provider.signal(undefined)).toThrow(TypeError)
    await rig.reconnect()
    rig.socket.accept('').sync()
    expect(() => rig.provider.signal('a')).toThrow('no connection')
    expect(rig.socket.of('signal')).toEqual([])
  })
})
