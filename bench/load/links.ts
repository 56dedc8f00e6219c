import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type LinkClass, linkClasses, parseLinkClasses } from '../simulator/link-class.js'
import type { LinkNews, LinkOrder } from './link-messages.js'

const program = fileURLToPath(new URL('./link-worker.js', import.meta.url))

/**
 * The classes of the names, which stand in `file` or are known.
 * @param names separated by commas; clients take them in turn
 * @throws RangeError for a name that is not known
 */
export async function chooseLinkClasses(
  names: string,
  file: string | undefined,
): Promise<readonly LinkClass[]> {
  const known =
    file === undefined ? linkClasses : parseLinkClasses(JSON.parse(await readFile(file, 'utf8')))
  return names.split(',').map((name) => {
    const linkClass = Object.hasOwn(known, name) ? known[name] : undefined
    if (linkClass !== undefined) return linkClass
    throw new RangeError(
      `expected a link class among ${Object.keys(known).join(', ')}, got ${JSON.stringify(name)}`,
    )
  })
}

/** The links of all clients of a run, in a process of their own. */
export class Links {
  readonly #child: ChildProcess
  readonly #classes: readonly LinkClass[]
  readonly #server: { readonly host: string; readonly port: number }
  readonly #path: string
  readonly #seed: number

  /** @param url of the server behind the links, a `ws://` one */
  constructor(url: string, classes: readonly LinkClass[], seed: number) {
    const { hostname, port, protocol, pathname } = new URL(url)
    if (protocol !== 'ws:') throw new RangeError(`links need a ws:// address, got ${url}`)
    this.#server = { host: hostname, port: Number(port || 80) }
    this.#path = pathname.replace(/\/$/, '')
    this.#classes = classes
    this.#seed = seed
    this.#child = fork(program, { serialization: 'advanced' })
  }

  /** Opens so many links more; returns the address of each. */
  async open(count: number): Promise<readonly string[]> {
    const order: LinkOrder = {
      type: 'open',
      classes: this.#classes,
      count,
      ...this.#server,
      seed: this.#seed,
    }
    const answer = once(this.#child, 'message')
    this.#child.send(order)
    const [news]: LinkNews[] = await answer
    if (news?.type !== 'opened') throw new Error(`links could not be opened: ${news?.reason}`)
    return news.ports.map((port) => `ws://127.0.0.1:${port}${this.#path}`)
  }

  /** From now on nothing goes wrong but what always does. */
  heal(): void {
    this.#child.send({ type: 'heal' } satisfies LinkOrder)
  }

  close(): void {
    this.#child.kill()
  }
}
