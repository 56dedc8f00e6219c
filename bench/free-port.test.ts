import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { createRandom } from '../runtime/seeded-random.js'
import { findFreePort } from './free-port.js'

test('a free port is none that is in use, and can be listened on', async () => {
  const first = await findFreePort({ random: createRandom(7) })
  const taken = createServer().listen(first, '127.0.0.1')
  await once(taken, 'listening')
  const second = await findFreePort({ random: createRandom(7) })
  expect(second).not.toBe(first)
  const other = createServer().listen(second, '127.0.0.1')
  await once(other, 'listening')
  for (const port of [first, second]) expect(port).toBeLessThan(32_768)
  taken.close()
  other.close()
})

test('a search that finds none ends', async () => {
  const always = { random: () => 0.5 }
  const taken = createServer().listen(await findFreePort(always), '127.0.0.1')
  await once(taken, 'listening')
  await expect(findFreePort(always)).rejects.toThrow('100 tries')
  taken.close()
})
