import { createRandom } from '../../runtime/seeded-random.js'

/** Chance for one purpose: drawing more for one purpose changes nothing for another. */
export class RandomStream {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = createRandom(seed)
  }

  /** A number in [0, 1). */
  readonly number = (): number => this.#next()

  /** A number in [from, to). */
  between(from: number, to: number): number {
    return from + this.#next() * (to - from)
  }

  /** A whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.#next() * (to - from + 1))
  }

  /** true with this probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.#next() < probability
  }

  /** Waiting times without memory: many short ones and few long ones, `mean` on average. */
  exponential(mean: number): number {
    return -Math.log(1 - this.#next()) * mean
  }

  /** One of the choices. */
  pick<T>(choices: readonly [T, ...T[]]): T {
    const [first] = choices
    return choices[this.integer(0, choices.length - 1)] ?? first
  }

  /** One of the choices, or undefined where there is none. */
  pickAny<T>(choices: readonly T[]): T | undefined {
    return choices[this.integer(0, choices.length - 1)]
  }

  /** One of the keys; a key with twice the weight comes twice as often. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key | undefined {
    let sum = 0
    for (const key in weights) sum += weights[key]
    let left = this.#next() * sum
    for (const key in weights) {
      left -= weights[key]
      if (left < 0) return key
    }
    return undefined
  }

  /** Bytes, each as likely as any other. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.integer(0, 255))
  }
}

/** Independent streams from one seed, one for each purpose. */
export class RandomStreams {
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  /** The same purpose gives a stream that begins anew with the same numbers. */
  stream(purpose: string): RandomStream {
    let hash = 0x811c9dc5 ^ this.#seed
    for (let index = 0; index < purpose.length; index++) {
      hash = Math.imul(hash ^ purpose.charCodeAt(index), 0x01000193)
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return new RandomStream((hash ^ (hash >>> 16)) >>> 0)
  }
}
