import { systemEnvironment } from '../../runtime/system-environment.js'
import type { LinkClass } from '../simulator/link-class.js'
import { Links } from './links.js'
import { defaultPlan, type LoadPlan } from './load-plan.js'
import type { LoadReport, LoadSample } from './load-report.js'
import { runLoad } from './load-run.js'

export interface LoadServerOptions {
  /** What the load does, where it differs from `defaultPlan`. @default nothing differs */
  readonly plan?: Partial<LoadPlan>
  /**
   * What the server speaks: `cairn` also acknowledges what is durable; `y-websocket` is the protocol
   * of that client, which most servers speak; `hocuspocus` is its own. @default 'cairn'
   */
  readonly dialect?: 'cairn' | 'y-websocket' | 'hocuspocus'
  /** Whether somebody who comes later gets what was written before. A relay does not. @default true */
  readonly keepsDocuments?: boolean
  /** Classes of the links that clients have, in turn; needs a `ws:` address. @default none */
  readonly links?: readonly LinkClass[]
  /** The server's process, whose processor time and memory go into the report. @default not known */
  readonly pid?: number
  /** The heading of the report. @default 'Load' */
  readonly title?: string
  /** Called once a second while the load runs. */
  readonly onSample?: (sample: LoadSample) => void
  /** Ends the load early; the report has not converged then. */
  readonly signal?: AbortSignal
}

/**
 * Loads a running server from processes of its own, and says what came of it.
 * @param url `ws://host:port` or `wss://host:port`, and a path that comes before the documents' names;
 * documents are named `PREFIX-SEED-NUMBER` and must be empty, so the prefix is another one each time
 * unless the plan has one
 * @returns figures and a verdict; a load that did not converge is a report all the same
 * @throws RangeError for a plan that cannot be run
 * @throws Error where clients cannot join
 */
export async function loadServer(
  url: string,
  options: LoadServerOptions = {},
): Promise<LoadReport> {
  const { dialect = 'cairn', keepsDocuments = true, links: classes, title = 'Load' } = options
  const prefix = `load-${Math.floor(systemEnvironment.wallClock()).toString(36)}`
  const plan: LoadPlan = { ...defaultPlan, prefix, ...options.plan }
  const links = classes && new Links(url, classes, plan.seed)
  try {
    return await runLoad({
      environment: systemEnvironment,
      plan,
      target: {
        url,
        dialect: dialect === 'hocuspocus' ? 'hocuspocus' : 'y-websocket',
        acknowledges: dialect !== 'y-websocket',
        keepsDocuments,
      },
      title,
      server: url,
      pid: options.pid,
      links,
      signal: options.signal,
      ...(options.onSample === undefined ? {} : { onSample: options.onSample }),
    })
  } finally {
    links?.close()
  }
}
