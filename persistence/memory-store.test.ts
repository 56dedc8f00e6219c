import { describe, expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { memoryStore } from './memory-store.js'
import { registerStoreContract } from './store-contract.js'

describe('memoryStore', () => {
  registerStoreContract({
    test,
    async createStore() {
      const store = memoryStore()
      return { store, reopened: () => store, dispose: () => store.close() }
    },
  })

  test('takes time, epochs and its turns from the environment', async () => {
    const environment = new SimulatedEnvironment({ seed: 7, wallClock: 1000 })
    const store = memoryStore({ environment })
    await store.open()
    const log = await store.openLog('a')
    const appended = log.append({ update: Uint8Array.of(1), principal: '', connection: '' })
    await environment.settle()
    const expected = new SimulatedEnvironment({ seed: 7 }).randomBytes(16)
    expect((await appended).epoch).toEqual(expected)
    expect((await store.stat('a'))?.createdAt).toBe(1000)
    expect(store.durability).toBe('memory')
  })

  test('takes a wrong clock as far as a record can carry it', async () => {
    for (const [wallClock, time] of [
      [-5, 0],
      [1.5, 1],
      [2 ** 60, 2 ** 48 - 1],
    ] as const) {
      const environment = new SimulatedEnvironment({ wallClock })
      const store = memoryStore({ environment })
      await store.open()
      const log = await store.openLog('a')
      const appended = log.append({ update: Uint8Array.of(1), principal: '', connection: '' })
      await environment.settle()
      await appended
      expect((await store.stat('a'))?.lastWriteAt).toBe(time)
    }
  })
})
