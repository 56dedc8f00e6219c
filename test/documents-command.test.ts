import { Buffer } from 'node:buffer'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { levelStore } from '../persistence/index.js'
import { CommandSession } from './command-session.js'
import { makeTextUpdate, makeUpdate, storeDocuments } from './stored-documents.js'

const oddNames = ['__proto__', 'a/b c', 'constructor', '🎉', '-dash', '\u001b[2J', 'x'.repeat(1000)]

let directory: string
let data: string
let session: CommandSession

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-documents-'))
  data = path.join(directory, 'data')
  fs.mkdirSync(data)
  session = new CommandSession()
})

afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true })
})

function documents(...args: string[]) {
  const [command = '', ...rest] = args
  return session.run('documents', command, '--data', data, ...rest)
}

function store(...stored: Parameters<typeof storeDocuments>[1]): Promise<void> {
  return storeDocuments(levelStore(data), stored)
}

/** Flips a bit in the stored value that holds `text`, as a failing disk would. */
async function flipBitIn(database: string, text: string): Promise<void> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(database, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    createIfMissing: false,
  })
  for await (const [key, value] of level.iterator()) {
    const at = Buffer.from(value).indexOf(text)
    if (at === -1) continue
    const damaged = Uint8Array.from(value)
    damaged[at] = (damaged[at] ?? 0) ^ 1
    await level.put(key, damaged)
  }
  await level.close()
}

async function show(name: string) {
  return JSON.parse((await documents('show', name, '--json')).stdout)
}

function inDirectory(file: string): string {
  return path.join(directory, file)
}

describe('cairn documents list', () => {
  test('shows names in pages, and says how to get the next one', async () => {
    await store(...['a1', 'a2', 'a3', 'b'].map((name) => [name, makeTextUpdate('x')] as const))
    const first = await documents('list', '--prefix', 'a', '--limit', '2')
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('--after a2\n') })
    expect(first.stdout).toMatch(/^CREATED +NAME\n\S+Z +a1\n\S+Z +a2\n$/)
    const second = await documents('list', '--prefix', 'a', '--limit', '2', '--after', 'a2')
    expect(second.stdout).toMatch(/^CREATED +NAME\n\S+Z +a3\n$/)
    expect(second.stderr).toBe('')
  })

  test('has every name exactly in its JSON, and no control character on the terminal', async () => {
    await store(...oddNames.map((name) => [name, makeTextUpdate('x')] as const))
    const { stdout } = await documents('list', '--json')
    const { documents: listed, next } = JSON.parse(stdout)
    expect(listed.map(({ name }: { name: string }) => name).sort()).toEqual([...oddNames].sort())
    expect(next).toBeNull()
    const table = await documents('list', '--long')
    expect(table.stdout).toContain('\\u{1b}[2J')
    expect(table.stdout).not.toContain('\u001b')
    expect(table.stdout.split('\n')[0]).toBe(
      'CREATED               LAST WRITE            SEQUENCE  SIZE  NAME',
    )
  })

  test('says on standard error that there is none', async () => {
    await store()
    expect(await documents('list')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'cairn: no document.\n',
    })
  })
})

describe('cairn documents show', () => {
  test('shows what is stored and what is in it', async () => {
    const map = makeUpdate((doc) => doc.getMap('state').set('sub', new Y.Doc({ guid: 'guid-1' })))
    await store(['notes', makeTextUpdate('hello'), map])
    const { stdout } = await documents('show', 'notes')
    expect(stdout).toMatch(/^name {9}notes\nepoch {8}[0-9a-f]+\n/)
    for (const line of [
      /^sequence +2$/m,
      /^snapshot +none$/m,
      /^tail +2 records, \d+ B$/m,
      /^clients +2$/m,
      /^root type +state \(map\)$/m,
      /^root type +text \(text\)$/m,
      /^subdocument +guid-1$/m,
    ]) {
      expect(stdout).toMatch(line)
    }
    const json = JSON.parse((await documents('show', 'notes', '--json')).stdout)
    expect(json).toMatchObject({
      name: 'notes',
      head: 2,
      clients: 2,
      rootTypes: [
        { name: 'state', kind: 'map' },
        { name: 'text', kind: 'text' },
      ],
      subdocuments: ['guid-1'],
    })
  })

  test('says what to do where there is no such document', async () => {
    await store()
    const { code, stdout, stderr } = await documents('show', 'gone')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      'cairn: there is no document "gone" in this directory. ' +
        '`cairn documents list` shows those that are.\n',
    )
  })
})

describe('cairn documents export and import', () => {
  test.each(oddNames)('carry a document over as an update and as an archive: %j', async (name) => {
    await store([name, makeTextUpdate('hello')])
    for (const format of ['update', 'archive']) {
      const file = inDirectory(format)
      const exported = await documents('export', '--format', format, '--out', file, '--', name)
      expect(exported).toMatchObject({ code: 0, stdout: '', stderr: '' })
      expect((await documents('delete', '--yes', '--', name)).code).toBe(0)
      expect((await documents('import', '--', name, file)).code).toBe(0)
      const text = await documents('export', '--format', 'text', '--', name)
      expect(text).toMatchObject({ code: 0, stdout: 'hello', stderr: '' })
    }
  })

  test('an archive under another name keeps its records, and is a document of its own', async () => {
    await store(['notes', makeTextUpdate('a'), makeTextUpdate('b')])
    await documents('export', 'notes', '--format', 'archive', '--out', inDirectory('archive'))
    await documents('export', 'notes', '--format', 'update', '--out', inDirectory('update'))
    await documents('import', 'from-archive', inDirectory('archive'))
    await documents('import', 'from-update', inDirectory('update'))
    const original = await show('notes')
    const restored = await show('from-archive')
    expect(restored).toEqual({ ...original, name: 'from-archive', epoch: restored.epoch })
    const copy = await show('from-update')
    expect(copy).toMatchObject({ head: 1, clients: 2 })
    const lives = [original, restored, copy].map(({ epoch }) => epoch.slice(0, 24))
    expect(new Set(lives).size).toBe(3)
  })

  test('an archive under its own name is the same document, where no position holds', async () => {
    await store(['notes', makeTextUpdate('a')])
    await documents('export', 'notes', '--format', 'archive', '--out', inDirectory('archive'))
    const original = await show('notes')
    await storeDocuments(levelStore(data), [['notes', makeTextUpdate('seen by clients')]])
    await documents('delete', 'notes', '--yes')
    await documents('import', 'notes', inDirectory('archive'))
    const restored = await show('notes')
    expect(restored).toEqual({ ...original, epoch: restored.epoch })
    // The first twelve bytes name the life of the document, the last four what was lost of it.
    expect(restored.epoch.slice(0, 24)).toBe(original.epoch.slice(0, 24))
    expect(restored.epoch.slice(24)).not.toBe(original.epoch.slice(24))
  })

  test('an update that is written out is one that Yjs takes', async () => {
    await store(['notes', makeTextUpdate('hello')])
    const { bytes } = await documents('export', 'notes')
    const doc = new Y.Doc()
    Y.applyUpdate(doc, bytes)
    expect(doc.getText('text').toString()).toBe('hello')
  })

  test('JSON has every root type, text has the one that is named', async () => {
    const update = makeUpdate((doc) => {
      doc.getText('title').insert(0, 'T')
      doc.getMap('state').set('a', [1])
    })
    await store(['notes', update])
    const json = await documents('export', 'notes', '--format', 'json')
    expect(JSON.parse(json.stdout)).toEqual({ state: { a: [1] }, title: 'T' })
    const text = await documents('export', 'notes', '--format', 'text', '--root', 'title')
    expect(text.stdout).toBe('T')
    const unnamed = await documents('export', 'notes', '--format', 'text')
    expect(unnamed).toMatchObject({ code: 1, stdout: '' })
    expect(unnamed.stderr).toContain('choose with --root from "state", "title"')
  })

  test('bytes are not written to a terminal', async () => {
    await store(['notes', makeTextUpdate('hello')])
    session = new CommandSession({ isTerminal: true })
    const { code, stdout, stderr } = await documents('export', 'notes')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Name a file with --out')
  })

  test('an import overwrites nothing', async () => {
    await store(['notes', makeTextUpdate('kept')])
    for (const format of ['update', 'archive']) {
      const file = inDirectory(format)
      await documents('export', 'notes', '--format', format, '--out', file)
      const { code, stderr } = await documents('import', 'notes', file)
      expect(code).toBe(1)
      expect(stderr).toContain('Nothing was changed. Import under another name')
    }
    expect((await documents('export', 'notes', '--format', 'text')).stdout).toBe('kept')
  })

  test.each([
    ['garbage', () => Buffer.from('no update'), 'is neither a Cairn archive nor a Yjs v1 update'],
    ['nothing', () => Buffer.alloc(0), 'is neither a Cairn archive nor a Yjs v1 update'],
    [
      'an update without its past',
      () => {
        const doc = new Y.Doc()
        doc.getText('text').insert(0, 'a')
        const before = Y.encodeStateVector(doc)
        doc.getText('text').insert(1, 'b')
        return Y.encodeStateAsUpdate(doc, before)
      },
      'needs others that were made before it',
    ],
  ])('an import of %s is refused and makes no document', async (_title, makeBytes, reason) => {
    await store()
    fs.writeFileSync(inDirectory('file'), makeBytes())
    const { code, stderr } = await documents('import', 'notes', inDirectory('file'))
    expect(code).toBe(1)
    expect(stderr).toContain(reason)
    expect((await documents('list')).stdout).toBe('')
  })

  test('a damaged archive is refused and makes no document', async () => {
    await store(['notes', makeTextUpdate('hello')])
    await documents('export', 'notes', '--format', 'archive', '--out', inDirectory('archive'))
    const bytes = fs.readFileSync(inDirectory('archive'))
    bytes[bytes.length - 8] = (bytes[bytes.length - 8] ?? 0) ^ 1
    fs.writeFileSync(inDirectory('archive'), bytes)
    expect((await documents('import', 'copy', inDirectory('archive'))).code).toBe(1)
    expect((await documents('list')).stdout).not.toContain('copy')
  })

  test('a file that is not there is named', async () => {
    await store(['notes', makeTextUpdate('hello')])
    const file = inDirectory('absent/file')
    for (const args of [
      ['import', 'copy', file],
      ['export', 'notes', '--out', file],
    ]) {
      const { code, stderr } = await documents(...args)
      expect(code).toBe(1)
      expect(stderr).toContain(`${inDirectory('absent/file')}`)
      expect(stderr).toContain('no such file or directory')
    }
  })
})

describe('cairn documents delete', () => {
  test('only says what would go, until it is told to', async () => {
    await store(['notes', makeTextUpdate('hello')], ['other', makeTextUpdate('x')])
    const asked = await documents('delete', 'notes')
    expect(asked.code).toBe(2)
    expect(asked.stderr).toContain('would delete "notes" (sequence 1')
    expect((await documents('show', 'notes')).code).toBe(0)
    const done = await documents('delete', 'notes', '--yes')
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('deleted "notes"') })
    expect((await documents('show', 'notes')).code).toBe(1)
    expect((await documents('show', 'other')).code).toBe(0)
    expect((await documents('delete', 'notes', '--yes')).code).toBe(1)
  })
})

describe('cairn documents verify', () => {
  test('says that sound documents are sound', async () => {
    await store(['a', makeTextUpdate('x'), makeTextUpdate('y')], ['b', makeTextUpdate('z')])
    const all = await documents('verify')
    expect(all).toMatchObject({ code: 0, stderr: '' })
    expect(all.stdout).toMatch(/^checked 2 documents, 3 records, \d+ B: sound\n$/)
    const one = await documents('verify', 'b')
    expect(one.stdout).toMatch(/^checked 1 document, 1 record, \d+ B: sound\n$/)
  })

  test('names the damaged document and exits with 1, and export gives what is left', async () => {
    await store(['bad', makeTextUpdate('x')], ['good', makeTextUpdate('y')])
    await storeDocuments(levelStore(data), [['bad', makeTextUpdate('lost', 'late')]])
    await flipBitIn(path.join(data, 'db'), 'late')
    const all = await documents('verify')
    expect(all.code).toBe(1)
    expect(all.stdout).toMatch(/^bad: .*\nchecked 2 documents, .*: 1 problem\n$/)
    const lines = (await documents('verify', '--json')).stdout.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { name: 'bad', problems: [expect.any(String)] },
      { name: 'good', problems: [] },
    ])
    const refused = await documents('export', 'bad', '--format', 'text', '--root', 'text')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('--salvage` gives what stands before the damage')
    const salvaged = await documents('export', 'bad', '--format', 'text', '--salvage')
    expect(salvaged).toMatchObject({ code: 0, stdout: 'x' })
    expect(salvaged.stderr).toContain('cairn: the export holds what stands before the damage')
    expect((await documents('export', 'good', '--format', 'text')).stdout).toBe('y')
  })

  test('checks nothing where one of the names is mistyped', async () => {
    await store(['abc', makeTextUpdate('x')])
    const { code, stdout, stderr } = await documents('verify', 'abc', 'ab')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('there is no document "ab"')
  })
})

describe('every documents command', () => {
  test('says that a running server holds the directory', async () => {
    await store(['notes', makeTextUpdate('x')])
    const holder = levelStore(data)
    await holder.open()
    const { code, stdout, stderr } = await documents('list')
    await holder.close()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('Stop the server (or the other `cairn documents` command)')
  })

  test('refuses a directory that is not there, is empty, or is not a store', async () => {
    const absent = await session.run('documents', 'list', '--data', inDirectory('absent'))
    expect(absent.code).toBe(1)
    expect(absent.stderr).toContain(`${inDirectory('absent')} is not a directory`)
    expect(fs.existsSync(inDirectory('absent'))).toBe(false)
    const empty = await documents('list')
    expect(empty.code).toBe(1)
    expect(empty.stderr).toContain(`${data} holds no store`)
    expect(fs.readdirSync(data)).toEqual([])
    fs.writeFileSync(path.join(data, 'something'), 'x')
    const foreign = await documents('list')
    expect(foreign.code).toBe(1)
    expect(foreign.stderr).toContain('is not a Cairn store')
    expect(fs.readdirSync(data)).toEqual(['something'])
  })

  test('explains a damaged directory, and opens what is left where that is accepted', async () => {
    await store(['notes', makeTextUpdate('x')])
    fs.rmSync(path.join(data, 'cairn.json'))
    const refused = await documents('verify')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('`cairn documents verify --accept-loss`')
    const accepted = await documents('verify', '--accept-loss')
    expect(accepted.stdout).toContain('checked 1 document')
    expect((await documents('export', 'notes', '--format', 'text')).stdout).toBe('x')
  })

  test('shows the stack trace of an error only where it is asked for', async () => {
    await store()
    const { stderr } = await documents('show', 'gone')
    expect(stderr).not.toContain('    at ')
    for (const args of [
      ['--debug', 'documents', 'show', 'gone'],
      ['documents', 'show', 'gone', '--debug'],
    ]) {
      const debugged = await session.run(...args, '--data', data)
      expect(debugged.stderr).toContain('    at ')
    }
  })

  test.each([
    [['documents', 'show'], "missing required argument 'name'"],
    [['documents', 'list', '--limit', '0'], 'A limit is a number from 1 to 100000'],
    [['documents', 'export', 'a', '--format', 'html'], 'Allowed choices are'],
    [['documents', 'lst'], 'Did you mean list?'],
    [['serve', '--port', '70000'], 'A port is a number from 0 to 65535'],
    [['serve', '--bogus'], "unknown option '--bogus'"],
  ])('exits with 2 where the command line is wrong: %j', async (args, reason) => {
    const { code, stdout, stderr } = await session.run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^cairn: /)
    expect(stderr).toContain(reason)
    expect(stderr).toContain('--help')
  })
})
