import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readTraceFile } from './trace-file.js'
import { parseTrace } from './trace-format.js'

const concurrent = {
  kind: 'concurrent',
  endContent: 'ab',
  numAgents: 2,
  txns: [
    { parents: [], agent: 0, patches: [[0, 0, 'a']], numChildren: 1 },
    { parents: [0], agent: 1, patches: [[1, 0, 'b']], numChildren: 0 },
  ],
}

describe('parseTrace', () => {
  test('reads a concurrent trace', () => {
    expect(parseTrace(JSON.stringify(concurrent))).toEqual({
      endContent: 'ab',
      agents: 2,
      transactions: [
        { agent: 0, parents: [], patches: [{ position: 0, deleted: 0, inserted: 'a' }] },
        { agent: 1, parents: [0], patches: [{ position: 1, deleted: 0, inserted: 'b' }] },
      ],
    })
  })

  test('reads a sequential trace as one agent whose transactions follow each other', () => {
    const txns = [{ patches: [[0, 0, 'a']] }, { time: 'x', patches: [] }]
    const trace = parseTrace(JSON.stringify({ startContent: '', endContent: 'a', txns }))
    expect(trace.agents).toBe(1)
    expect(trace.transactions.map(({ agent, parents }) => ({ agent, parents }))).toEqual([
      { agent: 0, parents: [] },
      { agent: 0, parents: [0] },
    ])
  })

  test('turns the content that a trace starts with into a transaction that all others follow', () => {
    const trace = parseTrace(JSON.stringify({ ...concurrent, startContent: '😀' }))
    expect(trace.transactions.map(({ parents }) => parents)).toEqual([[], [0], [1]])
    expect(trace.transactions[0]?.patches).toEqual([{ position: 0, deleted: 0, inserted: '😀' }])
  })

  const [first, second] = concurrent.txns
  test.each([
    ['no JSON', '{', /the trace is not JSON/],
    ['no object', '[]', /the trace is an array, expected an object/],
    [
      'no end',
      { ...concurrent, endContent: undefined },
      /endContent is missing, expected a string/,
    ],
    ['another kind', { ...concurrent, kind: 'tree' }, /kind is "tree", expected "concurrent"/],
    ['no agents', { ...concurrent, numAgents: 0 }, /numAgents is 0, expected at least one/],
    ['no transactions', { ...concurrent, txns: null }, /txns is null, expected an array/],
    [
      'an agent too many',
      { ...concurrent, txns: [first, { ...second, agent: 2 }] },
      /transaction 1: agent is 2, but numAgents is 2/,
    ],
    [
      'a parent that comes later',
      { ...concurrent, txns: [{ ...first, parents: [1] }, second] },
      /transaction 0: parent 1 does not come before it/,
    ],
    [
      'a negative position',
      { ...concurrent, txns: [{ ...first, patches: [[-1, 0, '']] }] },
      /transaction 0: patch 0: position is -1, expected a whole number >= 0/,
    ],
    [
      'a patch of two parts',
      { ...concurrent, txns: [{ ...first, patches: [[0, 0]] }] },
      /patch 0 has 2 parts, expected \[position, deleted, inserted\]/,
    ],
    [
      'half of a surrogate pair',
      { ...concurrent, txns: [{ ...first, patches: [[0, 0, '\ud83d']] }] },
      /patch 0: inserted holds half of a surrogate pair/,
    ],
  ])('refuses %s and says where', (_, trace, message) => {
    const json = typeof trace === 'string' ? trace : JSON.stringify(trace)
    expect(() => parseTrace(json)).toThrow(message)
  })
})

describe('readTraceFile', () => {
  test('reads plain and compressed files, and names the file that it cannot read', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'cairn-trace-'))
    try {
      const plain = path.join(directory, 'a.json')
      const compressed = path.join(directory, 'a.json.gz')
      await writeFile(plain, JSON.stringify(concurrent))
      await writeFile(compressed, gzipSync(JSON.stringify(concurrent)))
      expect(await readTraceFile(compressed)).toEqual(await readTraceFile(plain))
      const missing = path.join(directory, 'b.json')
      await expect(readTraceFile(missing)).rejects.toThrow(
        `cannot use the trace ${missing}: ENOENT`,
      )
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
