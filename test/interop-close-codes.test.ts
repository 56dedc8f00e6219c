import { afterEach, describe, expect, test } from 'vitest'
import { CairnError, type ErrorCode, errorCatalogue } from '../protocol/errors.js'
import type { Principal } from '../server/index.js'
import { ClientPool } from './client-pool.js'
import { LiveServer, type LiveServerOptions } from './live-server.js'
import { stockVersions } from './stock-client.js'

const writer: Principal = { id: 'w', access: 'write' }
const running: { server: LiveServer; pool: ClientPool }[] = []

async function start(options: LiveServerOptions): Promise<ClientPool> {
  const server = await LiveServer.start(options)
  const pool = new ClientPool(server)
  running.push({ server, pool })
  return pool
}

/** Refuses the first connections with this, then lets everybody in. */
function refusing(code: ErrorCode, times: number, message: string = code): LiveServerOptions {
  let left = times
  return {
    authenticate: () => {
      if (left-- > 0) throw new CairnError(code, message)
      return writer
    },
  }
}

afterEach(async () => {
  for (const { server, pool } of running.splice(0)) {
    pool.destroy()
    await server.destroy()
  }
})

const codes = Object.keys(errorCatalogue) as ErrorCode[]
const isFinal = (code: ErrorCode): boolean => {
  const { closeCode } = errorCatalogue[code]
  return closeCode >= 4400 && closeCode <= 4499
}

describe('a close code of 4400 to 4499', () => {
  test.each(codes.filter(isFinal))('stops y-websocket 3.1.0 for good: %s', async (code) => {
    const stock = (await start(refusing(code, 1))).stock('closed')
    await stock.gaveUp()
    expect(stock.finalCode).toBe(errorCatalogue[code].closeCode)
    expect(stock.provider.shouldConnect).toBe(false)
    stock.provider.connect()
    await stock.online()
  })
})

describe('any other close code', () => {
  test.each(codes.filter((code) => !isFinal(code)))('lets it come back: %s', async (code) => {
    const stock = (await start(refusing(code, 1))).stock('back')
    await stock.online()
    expect(stock.closeCodes).toEqual([errorCatalogue[code].closeCode])
    expect(stock.finalCode).toBeUndefined()
  })

  test.each(stockVersions)('lets y-websocket %s come back with what it wrote', async (version) => {
    const pool = await start(refusing('STORE_UNAVAILABLE', 2))
    const stock = await pool.stock('all versions', { version }).type('kept').online()
    expect(stock.closeCodes).toEqual([4503, 4503])
    await (await pool.stock('all versions').online()).has('kept')
  })
})

describe('the reason of a close', () => {
  test('says what the error says', async () => {
    const raw = (await start(refusing('FORBIDDEN', 1, 'not yours'))).raw('reason')
    expect(await raw.closed).toEqual({ code: 4403, reason: 'FORBIDDEN: not yours' })
  })

  test('is cut to the 123 bytes that a close frame has, at a character', async () => {
    const raw = (await start(refusing('FORBIDDEN', 1, '漢'.repeat(200)))).raw('long reason')
    const { code, reason } = await raw.closed
    expect(code).toBe(4403)
    expect(reason).toMatch(/^FORBIDDEN: 漢+$/)
    expect(Buffer.byteLength(reason)).toBeGreaterThan(120)
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123)
  })

  test('is a code too where the application throws something of its own, or knows nobody', async () => {
    const thrown = await start({
      authenticate: () => {
        throw new Error('token is too old')
      },
    })
    expect(await thrown.raw('x').closed).toEqual({
      code: 4401,
      reason: 'UNAUTHENTICATED: token is too old',
    })
    const unknown = await start({ authenticate: () => undefined })
    expect((await unknown.raw('x').closed).code).toBe(4401)
  })

  test('an address without a document name is closed with 4400, not left hanging', async () => {
    const pool = await start({})
    const { code, reason } = await pool.raw('').closed
    expect(code).toBe(4400)
    expect(reason).toContain('INVALID_NAME')
  })
})
