import { type CrowdOptions, type CrowdResult, rushOf, stretchMs } from '../reconnect-crowd.js'
import { count, milliseconds } from './figure-format.js'
import type { Plot, ReportPage } from './report-page.js'

/** Two crowds under the same conditions. */
export interface CrowdReport {
  readonly options: CrowdOptions
  /** With exponential backoff and full jitter. */
  readonly cairn: CrowdResult
  /** With the same waits for everybody. */
  readonly uniform: CrowdResult
}

/** How a crowd that starts while the server is down comes in once it is back. */
export function crowdPage(report: CrowdReport): ReportPage {
  const { cairn, options, uniform } = report
  const rush = rushOf(cairn, options)
  const uniformRush = rushOf(uniform, options)
  const isSpread = rush * 4 <= options.clients
  return {
    title: 'A crowd comes back',
    subtitle:
      `${count(options.clients)} clients start together; ` +
      `the server refuses for ${milliseconds(options.downMs)}; seed ${options.seed}`,
    verdict: { isGood: isSpread, text: isSpread ? 'Spread over seconds' : 'All at once' },
    problems: [],
    figures: [
      { label: 'rush', value: count(rush), note: `attempts in ${stretchMs} ms, at most` },
      { label: 'rush without jitter', value: count(uniformRush), note: 'the waits of y-websocket' },
      figureOf('half are in after', cairn, options, 0.5),
      figureOf('all are in after', cairn, options, 1),
    ],
    plots: [attemptsPlot(report), connectedPlot(report)],
    lanes: [],
    marks: [],
    log: [],
    details: [
      ['What was run', 'the connector of the client, in simulated time'],
      ['Waits', 'up to 0.5, 1, 2, 4 … 30 s, each drawn anew by each client'],
      ['Without jitter', '0.2, 0.4, 0.8, 1.6 and then 2.5 s, the same for everybody'],
    ],
  }
}

/** How long after the server was back this share of a crowd was in, in milliseconds. */
export function inAfter(
  { connectedAt }: CrowdResult,
  options: CrowdOptions,
  share: number,
): number {
  const last = Math.ceil(connectedAt.length * share) - 1
  return (connectedAt[last] ?? Number.NaN) - options.downMs
}

function figureOf(label: string, result: CrowdResult, options: CrowdOptions, share: number) {
  const note = 'the return of the server'
  return { label, value: milliseconds(inAfter(result, options, share)), note }
}

function attemptsPlot({ cairn, options, uniform }: CrowdReport): Plot {
  const length = Math.max(cairn.attempts.length, uniform.attempts.length)
  const places = Array.from({ length }, (_unused, index) => index)
  const valuesOf = ({ attempts }: CrowdResult) => places.map((place) => attempts[place] ?? 0)
  return {
    title: 'Attempts',
    note: `In each ${stretchMs} ms; the server is back after ${milliseconds(options.downMs)}.`,
    x: { label: 'time', kind: 'seconds' },
    y: { label: 'attempts' },
    xValues: places.map((place) => (place * stretchMs) / 1_000),
    series: [
      { label: 'without jitter', color: 'grey', style: 'line', values: valuesOf(uniform) },
      { label: 'Cairn', color: 'blue', style: 'area', values: valuesOf(cairn) },
    ],
  }
}

function connectedPlot({ cairn, options, uniform }: CrowdReport): Plot {
  const end = Math.max(cairn.connectedAt.at(-1) ?? 0, uniform.connectedAt.at(-1) ?? 0)
  const places = Array.from({ length: Math.ceil(end / stretchMs) + 1 }, (_unused, index) => index)
  const valuesOf = ({ connectedAt }: CrowdResult) =>
    places.map((place) => connectedAt.filter((at) => at <= place * stretchMs).length)
  return {
    title: 'Connected',
    note: `How many of ${count(options.clients)} are in.`,
    x: { label: 'time', kind: 'seconds' },
    y: { label: 'clients' },
    xValues: places.map((place) => (place * stretchMs) / 1_000),
    series: [
      { label: 'without jitter', color: 'grey', style: 'line', values: valuesOf(uniform) },
      { label: 'Cairn', color: 'blue', style: 'area', values: valuesOf(cairn) },
    ],
  }
}
