import { expect, test } from 'vitest'
import type { Comparison, PeerOutcome } from './comparison.js'
import type { Peer } from './peer.js'
import { cairnPeer } from './peer-list.js'
import { resultsPage } from './results-page.js'

const other: Peer = { ...cairnPeer, id: 'other', name: 'Another', durability: 'nothing is kept' }

function opened(peer: Peer, remark: string | undefined, ...openMs: readonly number[]): PeerOutcome {
  return { peer, reports: [], opens: openMs.map((ms) => ({ openMs: ms, missing: 0 })), remark }
}

const comparison: Comparison = {
  startedAt: '2026-01-02T03:04:05.678Z',
  machine: {
    processor: 'A processor',
    cores: 2,
    memoryBytes: 2 ** 34,
    system: 'Linux',
    node: 'v20',
    load: 0.5,
  },
  rounds: 2,
  seconds: 8,
  scenarios: [
    {
      id: 'cold-open',
      outcomes: [
        opened(cairnPeer, undefined, 20, 40),
        opened(other, 'lost | two\nedits', 90, 60, 300),
      ],
    },
  ],
  absent: [['A third', 'npm ended with 1:\nno network']],
}

test('a table has medians, and ratios to Cairn', () => {
  const page = resultsPage(comparison, [])
  expect(page).toContain('| Cairn | 30.0 ms | 1.00 |')
  expect(page).toContain('| Another | 90.0 ms | 3.00 |')
})

test('the page says where, when and how long, what edits survive, and who is absent and why', () => {
  const page = resultsPage(comparison, [])
  expect(page).toContain('| machine | A processor, 2 cores, 16.0 GiB |')
  expect(page).toContain('| when | 2026-01-02T03:04:05Z, load average 0.5 before |')
  expect(page).toContain('| Another | nothing is kept |')
  expect(page).toContain('| A third | not run: npm ended with 1: no network |')
})

test('what went wrong stands below its table, on one line', () => {
  expect(resultsPage(comparison, [])).toContain('- Another: lost \\| two edits\n')
})
