/**
 * The program of a process that makes load: it does what orders say and answers with news. See
 * `worker-messages.ts`; `load-workers.ts` starts it.
 */
import { systemEnvironment } from '../../runtime/system-environment.js'
import { LoadSession } from './load-session.js'
import type { WorkerNews, WorkerOrder } from './worker-messages.js'

let session: LoadSession | undefined

function tell(news: WorkerNews): void {
  process.send?.(news)
}

async function obey(order: WorkerOrder): Promise<void> {
  switch (order.type) {
    case 'prepare':
      session = new LoadSession({
        ...order,
        environment: systemEnvironment,
        onSample: (sample) => tell({ type: 'sample', sample }),
      })
      return tell({ type: 'prepared' })
    case 'tell-time':
      return tell({ type: 'time', now: systemEnvironment.now() })
    case 'connect':
      await session?.connect()
      return tell({ type: 'connected' })
    case 'start': {
      const result = await session?.run(order.at)
      return result === undefined ? undefined : tell({ type: 'finished', result })
    }
    case 'stop':
      session?.stop()
  }
}

process.on('message', (order: WorkerOrder) => {
  obey(order).catch((error: unknown) => {
    tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) })
  })
})
// Ctrl-C reaches every process of a terminal; whoever gives the orders says what becomes of it.
process.on('SIGINT', () => undefined)
// Without whoever gives the orders there is nothing left to do.
process.on('disconnect', () => process.exit())
