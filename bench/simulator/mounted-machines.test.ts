import { expect, test } from 'vitest'
import { claimDirectory, releaseDirectory } from '../../persistence/open-directories.js'
import { Machine } from './machine.js'
import { mountedMachines } from './mounted-machines.js'
import { World } from './world.js'

test('a run that ends while a disk is looked at leaves nothing of it to the next', () => {
  const machine = new Machine(new World(1, []), 'server')
  const copy = machine.copy()
  for (const each of [machine, copy]) {
    mountedMachines.mount(each)
    claimDirectory(each.directory)
  }
  mountedMachines.unmountAll()
  expect(mountedMachines.find(`${copy.directory}/db`)).toBeUndefined()
  expect(mountedMachines.find('/proc/stat')).toBeUndefined()
  for (const { directory } of [machine, copy]) {
    expect(() => claimDirectory(directory)).not.toThrow()
    releaseDirectory(directory)
  }
})
