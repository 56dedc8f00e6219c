/**
 * What it costs to check an update, beside `Y.decodeUpdate` on the same bytes in the same run.
 * Prints one line for each kind of update. Aims: at most 500 ns for a keystroke, at least 200 MB/s
 * on text. Where a part of each update is known, also what the scan and the cut take together.
 */
import * as Y from 'yjs'
import { trimUpdate } from '../protocol/trim-update.js'
import { UpdateScanner } from '../protocol/update-scanner.js'
import { createRandom } from '../runtime/seeded-random.js'
import { systemEnvironment } from '../runtime/system-environment.js'

const ROUND_MS = 250
const ROUNDS = 5

interface Workload {
  readonly name: string
  readonly updates: readonly Uint8Array[]
  /** The end of what is known of every client, where the updates begin below it. */
  readonly known?: number
}

/** The updates that typing makes: mostly one after the other, at times elsewhere or backwards. */
function keystrokes(count: number): Workload {
  const random = createRandom(1)
  const updates: Uint8Array[] = []
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  let cursor = 0
  for (let index = 0; index < count; index++) {
    if (random() < 0.05) cursor = Math.floor(random() * (text.length + 1))
    if (cursor > 0 && random() < 0.1) text.delete(--cursor, 1)
    else text.insert(cursor++, 'abcdefgh'.charAt(index % 8))
  }
  return { name: 'keystroke', updates }
}

/** What was typed since a state that is a few letters older than what is known. */
function overlappingLetters(count: number): Workload {
  const known = 1_000
  const updates = Array.from({ length: count }, (_, index) => {
    const doc = new Y.Doc()
    const text = doc.getText('text')
    for (let length = 0; length <= known + (index % 4); length++) text.insert(length, 'a')
    const from = known - 1 - (index % 3)
    return Y.encodeStateAsUpdate(doc, Y.encodeStateVector(new Map([[doc.clientID, from]])))
  })
  return { name: 'letters, some known', updates, known }
}

/** One update with many paragraphs of `sample` text by several authors. */
function paragraphs(name: string, sample: string): Workload {
  const documents = Array.from({ length: 4 }, () => new Y.Doc())
  const random = createRandom(2)
  for (const doc of documents) {
    const text = doc.getText('text')
    for (let index = 0; index < 500; index++) {
      text.insert(Math.floor(random() * text.length), sample.repeat(1 + Math.floor(random() * 8)))
    }
  }
  return { name, updates: [Y.mergeUpdates(documents.map((doc) => Y.encodeStateAsUpdate(doc)))] }
}

function mapEntries(): Workload {
  const doc = new Y.Doc()
  const map = doc.getMap('cells')
  for (let index = 0; index < 5_000; index++) {
    map.set(`r${index % 700}`, { value: index, label: `cell ${index}`, tags: ['a', 'b'] })
  }
  return { name: 'map of objects', updates: [Y.encodeStateAsUpdate(doc)] }
}

/** Nanoseconds that one pass over all updates takes: the best of a few rounds. */
function measure(updates: readonly Uint8Array[], read: (update: Uint8Array) => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = systemEnvironment.now()
    let passes = 0
    let elapsed = 0
    while (elapsed < ROUND_MS) {
      for (const update of updates) read(update)
      passes++
      elapsed = systemEnvironment.now() - start
    }
    best = Math.min(best, (elapsed * 1e6) / passes)
  }
  return best
}

function row(cells: readonly string[]): string {
  const [name = '', ...figures] = cells
  return `${name.padEnd(24)}${figures.map((figure) => figure.padStart(16)).join('')}\n`
}

function main(): void {
  const scanner = new UpdateScanner()
  const workloads = [
    keystrokes(10_000),
    overlappingLetters(100),
    paragraphs('text, ASCII', 'The quick brown fox jumps over the lazy dog, and back again. '),
    paragraphs(
      'text, Latin and emoji',
      'Zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich 🎉 ',
    ),
    paragraphs('text, Japanese', 'いろはにほへとちりぬるをわかよたれそつねならむ'),
    paragraphs('text, short runs', 'word '),
    mapEntries(),
  ]
  const titles = [
    'update',
    'bytes',
    'scan ns',
    'scan MB/s',
    'Y.decode ns',
    'Y.decode MB/s',
    'with cut ns',
  ]
  process.stdout.write(row(titles))
  for (const { name, updates, known } of workloads) {
    const bytes = updates.reduce((sum, update) => sum + update.length, 0)
    const scan = measure(updates, (update) => scanner.scan(update))
    const decode = measure(updates, Y.decodeUpdate)
    const figures = [bytes / updates.length, scan / updates.length, (bytes * 1e3) / scan]
    const compared = [decode / updates.length, (bytes * 1e3) / decode]
    const cells = [...figures, ...compared].map((it) => it.toFixed(0))
    if (known !== undefined) {
      const trim = (update: Uint8Array) => trimUpdate(update, scanner.scan(update), () => known)
      cells.push((measure(updates, trim) / updates.length).toFixed(0))
    }
    process.stdout.write(row([name, ...cells]))
  }
}

main()
