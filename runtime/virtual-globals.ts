import { webcrypto } from 'node:crypto'

/** What stands behind the globals of the process while a simulation runs. */
export interface VirtualWorld {
  /** Milliseconds since the Unix epoch, as `Date.now` tells them. */
  wallClock(): number
  /** Calls `callback` once; returns what cancels it. */
  setTimer(callback: () => void, delayMs: number): { cancel(): void }
  random(): number
  /** What somebody printed with `console`. */
  print(level: 'error' | 'warn' | 'log', text: string): void
}

export interface VirtualGlobals {
  /** Puts `world` behind the globals, or takes away the one that is there. */
  enter(world: VirtualWorld | undefined): void
  /** Whether `now`, which somebody kept of `Date.now`, is the clock of the worlds. */
  isClock(now: () => number): boolean
}

/**
 * Puts the clock, timers, chance and console of whatever world is entered in the place of the
 * process's own, for code that takes no `Environment`: y-websocket, y-protocols, lib0 and Yjs.
 *
 * To be called before any of those is imported, since lib0 keeps `Date.now`, `Math.random` and
 * `getRandomValues` as it finds them, and once in a thread that does nothing else. Outside of a world
 * everything is as it was.
 */
export function installVirtualGlobals(): VirtualGlobals {
  let world: VirtualWorld | undefined
  replaceDate(() => world)
  replaceTimers(() => world)
  replaceChance(() => world)
  replaceConsole(() => world)
  return {
    enter(next) {
      world = next
    },
    isClock: (now) => now === Date.now,
  }
}

type CurrentWorld = () => VirtualWorld | undefined

function replaceDate(current: CurrentWorld): void {
  const RealDate = Date
  const realNow = Date.now
  const now = (): number => current()?.wallClock() ?? realNow()
  const VirtualDate = new Proxy(RealDate, {
    construct(target, args: unknown[], newTarget) {
      return Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget)
    },
    apply: () => new RealDate(now()).toString(),
  })
  RealDate.now = now
  globalThis.Date = VirtualDate
}

/** What a virtual `setTimeout` returns: Node's timers can be told not to keep a process alive. */
class VirtualTimer {
  timer: { cancel(): void } | undefined

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  cancel(): void {
    this.timer?.cancel()
    this.timer = undefined
  }
}

type TimerCallback = (...args: unknown[]) => void

function replaceTimers(current: CurrentWorld): void {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis
  const clear =
    (real: (handle: NodeJS.Timeout | undefined) => void) =>
    (handle: VirtualTimer | NodeJS.Timeout | undefined): void => {
      if (handle instanceof VirtualTimer) handle.cancel()
      else real(handle)
    }
  const virtual = {
    setTimeout: (callback: TimerCallback, delay = 0, ...args: unknown[]) => {
      const world = current()
      if (world === undefined) return setTimeout(callback, delay, ...args)
      const handle = new VirtualTimer()
      handle.timer = world.setTimer(() => callback(...args), Math.max(1, delay))
      return handle
    },
    setInterval: (callback: TimerCallback, delay = 0, ...args: unknown[]) => {
      const world = current()
      if (world === undefined) return setInterval(callback, delay, ...args)
      const handle = new VirtualTimer()
      const again = (): void => {
        handle.timer = world.setTimer(
          () => {
            again()
            callback(...args)
          },
          Math.max(1, delay),
        )
      }
      again()
      return handle
    },
    clearTimeout: clear(clearTimeout),
    clearInterval: clear(clearInterval),
  }
  Object.assign(globalThis, virtual)
}

function replaceChance(current: CurrentWorld): void {
  const realRandom = Math.random
  Math.random = () => current()?.random() ?? realRandom()
  const realValues = webcrypto.getRandomValues.bind(webcrypto)
  Object.defineProperty(webcrypto, 'getRandomValues', {
    configurable: true,
    value: <Values extends Uint8Array | Uint32Array>(values: Values): Values => {
      const world = current()
      if (world === undefined) return realValues(values)
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      for (let index = 0; index < bytes.length; index++) {
        bytes[index] = Math.floor(world.random() * 256)
      }
      return values
    },
  })
}

function replaceConsole(current: CurrentWorld): void {
  const real = globalThis.console
  const print =
    (level: 'error' | 'warn' | 'log') =>
    (...args: unknown[]): void => {
      const world = current()
      if (world === undefined) real[level](...args)
      else world.print(level, args.map(describe).join(' '))
    }
  const virtual = { error: print('error'), warn: print('warn'), log: print('log') }
  globalThis.console = Object.assign(Object.create(real), virtual)
}

function describe(value: unknown): string {
  return value instanceof Error ? `${value.name}: ${value.message}` : String(value)
}
