import type { Environment, Timer } from '../../runtime/environment.js'
import type { RandomStream } from './random-stream.js'
import type { World } from './world.js'

/** Time and chance of the code in one client's page. */
export class ClientEnvironment implements Environment {
  readonly #world: World
  readonly #random: RandomStream

  constructor(world: World, random: RandomStream) {
    this.#world = world
    this.#random = random
  }

  now(): number {
    return this.#world.time.now
  }

  wallClock(): number {
    return this.#world.wallClock()
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    return this.#world.time.after(Math.max(0, delayMs), callback)
  }

  defer(callback: () => void): void {
    this.#world.time.after(0, callback)
  }

  random(): number {
    return this.#random.number()
  }

  randomBytes(length: number): Uint8Array {
    return this.#random.bytes(length)
  }
}
