import type { OpenLevel } from '../../persistence/level-port.js'
import { releaseDirectory } from '../../persistence/open-directories.js'
import { SimulatedDisk } from './simulated-disk.js'
import { SimulatedFiles } from './simulated-files.js'
import { SimulatedProcess } from './simulated-process.js'
import type { World } from './world.js'

/** Paths below this one are simulated. */
export const machineRoot = '/cairn-simulation/'

/** A machine with a disk, on which one process runs at a time, that loses power and gets it back. */
export class Machine {
  readonly directory: string
  readonly disk: SimulatedDisk
  readonly files: SimulatedFiles
  readonly #world: World
  #boots = 1
  #processes = 0
  #copies = 0

  constructor(world: World, name: string) {
    this.#world = world
    this.directory = machineRoot + name
    this.disk = new SimulatedDisk(world.stream(`disk of ${name}`))
    this.files = new SimulatedFiles((path) => this.#readSystemFile(path))
    this.files.addDirectory(this.directory)
  }

  set process(process: SimulatedProcess | undefined) {
    this.files.process = process
  }

  startProcess(onDeath: () => void): SimulatedProcess {
    const { time, serverClock } = this.#world
    this.#processes++
    const random = this.#world.stream(`process ${this.#processes} on ${this.directory}`)
    const process = new SimulatedProcess(time, serverClock, random, onDeath)
    this.files.process = process
    return process
  }

  /** Opens the database on the disk, which then shows as a directory. */
  openLevel(process: SimulatedProcess): OpenLevel {
    return this.disk.opener(process, () => this.files.addDirectory(`${this.directory}/db`))
  }

  /** What was not on its disk is gone. Returns how many batches of the store that were. */
  losePower(): number {
    this.#boots++
    this.files.losePower(this.#world.stream(`power cut ${this.#boots}`))
    return this.disk.losePower().lostBatches
  }

  /** Another machine with a copy of this one's disk. */
  copy(): Machine {
    this.#copies++
    const copy = new Machine(this.#world, `copy-${this.#copies}`)
    this.disk.copyTo(copy.disk)
    this.files.copyTo(copy.files, { from: this.directory, to: copy.directory })
    copy.#boots = this.#boots
    copy.#processes = this.#processes + 1
    return copy
  }

  /** Forgets the directory, which a dead process cannot do. */
  release(): void {
    releaseDirectory(this.directory)
  }

  /** proc(5): who runs, and since when; which boot this is. */
  #readSystemFile(path: string): string | undefined {
    if (path === '/proc/sys/kernel/random/boot_id') return `boot-${this.#boots}\n`
    if (!path.startsWith('/proc/')) return undefined
    return `1 (node) S ${'0 '.repeat(18)}${this.#processes} 0`
  }
}
