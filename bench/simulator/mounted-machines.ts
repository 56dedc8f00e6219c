import { type Machine, machineRoot } from './machine.js'
import type { VirtualFileSystem } from './virtual-files.js'

/** Which machine a path belongs to. One registry for the thread, since paths are global to it. */
class MountedMachines {
  readonly #machines: Machine[] = []

  /** The machine's directory can be reached until the returned function is called. */
  mount(machine: Machine): () => void {
    this.#machines.push(machine)
    return () => {
      const index = this.#machines.indexOf(machine)
      if (index !== -1) this.#machines.splice(index, 1)
    }
  }

  /**
   * The run is over, perhaps in the middle of something: nothing of it may be there for the next one,
   * a copy of a disk that was being looked at, for instance.
   */
  unmountAll(): void {
    for (const machine of this.#machines.splice(0)) machine.release()
  }

  /** What /proc says is said by the machine that was mounted last. */
  find(path: string): VirtualFileSystem | undefined {
    const newest = this.#machines.at(-1)
    if (newest === undefined) return undefined
    if (path.startsWith('/proc/')) return newest.files
    if (!path.startsWith(machineRoot)) return undefined
    const owner = this.#machines.find(
      ({ directory }) => path === directory || path.startsWith(`${directory}/`),
    )
    return (owner ?? newest).files
  }
}

export const mountedMachines = new MountedMachines()
