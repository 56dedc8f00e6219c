import { createRandom } from '../../runtime/seeded-random.js'
import { systemEnvironment } from '../../runtime/system-environment.js'
import { type LinkClass, linkClasses } from '../simulator/link-class.js'
import { LinkProxy } from './link-proxy.js'

export interface OpenLinkOptions {
  /** The name of one of `linkClasses`, or a class of your own. */
  readonly linkClass: string | LinkClass
  /** Decides jitter, and which outages come when; how bytes fall into packets it cannot. @default 1 */
  readonly seed?: number
}

/** A way to a server on which things go wrong. */
export interface OpenLink {
  /** Stands for the server's address: the same, but for host and port. */
  readonly url: string
  /** Ends the outage that is, and all that would come; latency, bandwidth and the like stay. */
  heal(): void
  /** Resets every connection and frees the port. */
  close(): void
}

/**
 * Opens a TCP proxy on a loopback port, in this process, in front of a server. Each client that is to
 * have a link of its own needs a proxy of its own.
 * @param url of the server, `ws:` or `http:`, with any path and query
 * @throws RangeError for a link class that is not known, or an address of another kind
 */
export async function openLink(url: string, options: OpenLinkOptions): Promise<OpenLink> {
  const { linkClass, seed = 1 } = options
  const address = new URL(url)
  if (address.protocol !== 'ws:' && address.protocol !== 'http:') {
    throw new RangeError(`links need a ws: or http: address, got ${url}`)
  }
  const proxy = await LinkProxy.open({
    environment: systemEnvironment,
    linkClass: typeof linkClass === 'string' ? findLinkClass(linkClass) : linkClass,
    host: address.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(address.port || 80),
    random: createRandom(seed),
  })
  // What follows the host as it was given: a URL would put a slash where there was nothing.
  const [, rest = ''] = /^\w+:\/\/[^/?#]*(.*)$/.exec(url) ?? []
  return {
    url: `${address.protocol}//127.0.0.1:${proxy.port}${rest}`,
    heal: () => proxy.heal(),
    close: () => proxy.close(),
  }
}

function findLinkClass(name: string): LinkClass {
  const found = Object.hasOwn(linkClasses, name) ? linkClasses[name] : undefined
  if (found !== undefined) return found
  throw new RangeError(
    `expected a link class among ${Object.keys(linkClasses).join(', ')}, got ${JSON.stringify(name)}`,
  )
}
