/** The program of the process that the links run in; `links.ts` starts it. */
import { createRandom } from '../../runtime/seeded-random.js'
import { systemEnvironment } from '../../runtime/system-environment.js'
import type { LinkNews, LinkOrder } from './link-messages.js'
import { LinkProxy } from './link-proxy.js'

const links: LinkProxy[] = []

async function open(order: LinkOrder & { readonly type: 'open' }): Promise<LinkNews> {
  const ports: number[] = []
  for (let index = 0; index < order.count; index++) {
    const linkClass = order.classes[index % order.classes.length]
    if (linkClass === undefined) throw new Error('expected a link class, got none')
    const random = createRandom(order.seed + links.length)
    const link = await LinkProxy.open({
      ...order,
      environment: systemEnvironment,
      linkClass,
      random,
    })
    links.push(link)
    ports.push(link.port)
  }
  return { type: 'opened', ports }
}

process.on('message', (order: LinkOrder) => {
  if (order.type === 'heal') {
    for (const link of links) link.heal()
    return
  }
  open(order).then(
    (news) => process.send?.(news),
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      process.send?.({ type: 'failed', reason } satisfies LinkNews)
    },
  )
})
// Ctrl-C reaches every process of a terminal; whoever gives the orders says what becomes of it.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit())
