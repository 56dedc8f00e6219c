import { megabytes, milliseconds } from '../report/figure-format.js'
import { coldOpenPlan } from './cold-open.js'
import {
  type Comparison,
  coldOpenId,
  type PeerOutcome,
  type ScenarioOutcome,
} from './comparison.js'
import type { Measure, Scenario } from './scenario.js'

const reference = 'cairn'

const openTime = {
  name: 'open',
  better: 'less',
  read: ({ opens }: PeerOutcome) => median(opens.map(({ openMs }) => openMs)),
  format: milliseconds,
} as const

interface Column {
  readonly name: string
  readonly better: Measure['better']
  read(outcome: PeerOutcome): number | undefined
  format(value: number): string
}

/** The comparison as the text of `bench/RESULTS.md`. */
export function resultsPage(comparison: Comparison, scenarios: readonly Scenario[]): string {
  const { machine, startedAt, rounds, seconds, absent } = comparison
  const peers = comparison.scenarios[0]?.outcomes.map(({ peer }) => peer) ?? []
  return [
    '# Results',
    '',
    '<!-- Written by `cairn bench peers`. Do not edit by hand. -->',
    '',
    'The same load for each server, one server after another, all of it repeated in turn. Latency ' +
      'counts from the moment an edit was due to its arrival at another client. The last column ' +
      'compares the first figure of a table with that of Cairn: above 1 is worse than Cairn.',
    '',
    '| | |',
    '|---|---|',
    `| machine | ${machine.processor}, ${machine.cores} cores, ${megabytes(machine.memoryBytes)} |`,
    `| system | ${machine.system}, Node ${machine.node} |`,
    `| when | ${startedAt.replace(/\.\d+Z$/, 'Z')}, load average ${machine.load.toFixed(1)} before |`,
    `| rounds | ${rounds} of ${seconds} s for each load; the figures are medians |`,
    '| network | loopback; server and load share the machine |',
    '',
    '| server | what an edit survives once it is taken |',
    '|---|---|',
    ...peers.map((peer) => `| ${peer.name} | ${peer.durability} |`),
    ...absent.map(([name, reason]) => `| ${name} | not run: ${oneLine(reason)} |`),
    '',
    ...comparison.scenarios.flatMap((outcome) => scenarioSection(outcome, scenarios)),
    'To repeat: `npx cairn bench peers`.',
    '',
  ].join('\n')
}

function scenarioSection(
  { id, outcomes }: ScenarioOutcome,
  scenarios: readonly Scenario[],
): readonly string[] {
  const scenario = scenarios.find((one) => one.id === id)
  const text =
    scenario?.text ??
    `a document of ${coldOpenPlan.editors * coldOpenPlan.editsEach} edits is opened after a restart`
  const columns: readonly Column[] = scenario?.measures.map(overReports) ?? [openTime]
  return [
    `## ${id}`,
    '',
    `${text[0]?.toUpperCase()}${text.slice(1)}.`,
    '',
    row(['server', ...columns.map(({ name }) => name), 'to Cairn']),
    row(['---', ...columns.map(() => '--:'), '--:']),
    ...outcomes.map((outcome) => outcomeRow(outcome, outcomes, columns)),
    '',
    ...remarks(outcomes, id),
  ]
}

function outcomeRow(
  outcome: PeerOutcome,
  all: readonly PeerOutcome[],
  columns: readonly Column[],
): string {
  const cells = columns.map((column) => {
    const value = column.read(outcome)
    return value === undefined ? '–' : column.format(value)
  })
  return row([outcome.peer.name, ...cells, ratio(outcome, all, columns[0])])
}

/** How many times worse than Cairn's a figure is. */
function ratio(
  outcome: PeerOutcome,
  all: readonly PeerOutcome[],
  column: Column | undefined,
): string {
  const cairn = all.find(({ peer }) => peer.id === reference)
  const base = cairn && column?.read(cairn)
  const value = column?.read(outcome)
  if (base === undefined || value === undefined || base === 0 || value === 0) return '–'
  return `${(column?.better === 'less' ? value / base : base / value).toFixed(2)}`
}

function remarks(outcomes: readonly PeerOutcome[], id: string): readonly string[] {
  const found = outcomes.flatMap(({ peer, remark }) =>
    remark === undefined ? [] : [`- ${peer.name}: ${oneLine(remark)}`],
  )
  if (id === 'acknowledge') {
    found.push('- Cairn says it once an edit is on the disk, Hocuspocus once it is in memory.')
  }
  if (id === coldOpenId) {
    found.push('- From the connect of the first client to its having every edit.')
  }
  return found.length === 0 ? [] : [...found, '']
}

function overReports({ name, better, read, format }: Measure): Column {
  return {
    name,
    better,
    read: ({ reports }) => median(reports.flatMap((report) => read(report) ?? [])),
    format,
  }
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)]
  const lower = sorted[Math.ceil(middle) - 1]
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim()
}
