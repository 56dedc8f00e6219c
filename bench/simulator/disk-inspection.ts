import { levelStore } from '../../persistence/level-store.js'
import { toCairnError } from '../../protocol/errors.js'
import type { StoredDocument } from './checker.js'
import type { Machine } from './machine.js'
import { mountedMachines } from './mounted-machines.js'
import type { SimulationOptions } from './simulation-options.js'
import type { World } from './world.js'

/** Reads every document from a copy of the machine's disk, with the store's own code. */
export async function inspectDisk(
  world: World,
  machine: Machine,
  { durability, documents }: SimulationOptions,
): Promise<readonly StoredDocument[]> {
  const copy = machine.copy()
  const unmount = mountedMachines.mount(copy)
  const process = copy.startProcess(() => undefined)
  const store = levelStore(copy.directory, {
    environment: process,
    durability,
    openLevel: copy.openLevel(process),
  })
  try {
    await store.open()
    const found: StoredDocument[] = []
    const stored = new Set((await store.list()).map(({ name }) => name))
    for (let index = 0; index < documents; index++) {
      const name = `doc-${index}`
      const isThere = stored.has(name)
      // A document that is gone altogether is told of like any other.
      const problems = isThere ? (await store.verify(name)).problems : []
      const exported = isThere ? await store.exportDocument(name) : undefined
      found.push({ name, exported, problems })
    }
    await store.close()
    return found
  } catch (error) {
    const { code, message } = toCairnError(error)
    world.violate('log-history', `the disk cannot be read: ${code}: ${message}`)
    return []
  } finally {
    process.kill()
    copy.release()
    unmount()
  }
}
