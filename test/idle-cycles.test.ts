import { expect, test } from 'vitest'
import { runIdleCycles } from '../bench/idle-cycles.js'
import { memoryStore } from '../persistence/index.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { createServer } from '../server/index.js'
import { GatedStore } from './gated-store.js'
import { TimerCount } from './timer-count.js'

test('3,000 documents opened, written and closed leave no document, connection, log or timer', async () => {
  const environment = new TimerCount()
  const store = new GatedStore(memoryStore({ environment }))
  const server = createServer({ store, environment, timings: { unloadMs: 0, tickMs: 1 } })
  await server.open()
  let most = 0
  await runIdleCycles({
    server,
    environment: systemEnvironment,
    cycles: 3_000,
    names: 100,
    onCycles: () => {
      most = Math.max(most, environment.pending)
    },
  })
  expect(server.documentCount).toBe(0)
  expect(server.connectionCount).toBe(0)
  expect(store.openLogs).toBe(0)
  // The server looks around once a tick, and its worker may still be there for the next document.
  expect(most).toBeLessThanOrEqual(2)
  expect((await store.stat('name 99'))?.head).toBe(30)
  await server.close()
  expect(environment.pending).toBe(0)
})
