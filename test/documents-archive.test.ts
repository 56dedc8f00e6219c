import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeDocumentArchive } from '../persistence/document-archive.js'
import { type ExportedDocument, levelStore } from '../persistence/index.js'
import { CommandSession } from './command-session.js'
import { makeTextUpdate } from './stored-documents.js'

let directory: string
let data: string
const session = new CommandSession()

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-archives-'))
  data = path.join(directory, 'data')
  fs.mkdirSync(data)
})

afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true })
})

function documents(command: string, ...args: string[]) {
  return session.run('documents', command, '--data', data, ...args)
}

function documentOf(update: Uint8Array): ExportedDocument {
  const record = { sequence: 1, time: 1, principal: '', connection: '', update }
  const epoch = new Uint8Array(16).fill(1)
  return { name: 'notes', epoch, createdAt: 1, snapshot: undefined, records: [record] }
}

function updateWithoutPast(): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'a')
  const before = Y.encodeStateVector(doc)
  doc.getText('text').insert(1, 'b')
  return Y.encodeStateAsUpdate(doc, before)
}

function snapshotWithIndex(stateVector: Uint8Array): ExportedDocument {
  const index = { stateVector, deleteSet: Uint8Array.of(0), rootNames: [], subdocuments: 0 }
  const snapshot = { through: 1, update: Uint8Array.of(0, 0), ...index }
  return { ...documentOf(new Uint8Array()), snapshot, records: [] }
}

const unsound = [
  ['garbage', documentOf(Uint8Array.of(9, 9, 9)), 'record 1 is no Yjs v1 update'],
  ['an update without its past', documentOf(updateWithoutPast()), 'record 1 needs others'],
  [
    'an index that claims what is not there',
    snapshotWithIndex(Uint8Array.of(1, 5, 100)),
    'the snapshot does not hold all that its index claims',
  ],
] as const

describe('an archive of a document that could not be served', () => {
  test.each(unsound)('is refused, and makes no document: %s', async (_title, document, reason) => {
    const file = path.join(directory, 'archive')
    fs.writeFileSync(file, encodeDocumentArchive(document))
    const { code, stderr } = await documents('import', 'notes', file)
    expect(code).toBe(1)
    expect(stderr).toContain(reason)
    expect(fs.existsSync(path.join(data, 'db'))).toBe(false)
  })

  test.each(unsound)(
    'is a problem where it is stored already: %s',
    async (_title, document, reason) => {
      const store = levelStore(data)
      await store.open()
      await store.importDocument(document)
      await store.importDocument({ ...documentOf(makeTextUpdate('x')), name: 'sound' })
      await store.close()
      const { code, stdout } = await documents('verify')
      expect(code).toBe(1)
      expect(stdout).toContain(`notes: document "notes": ${reason}`)
      expect(stdout).toMatch(/: 1 problem\n$/)
    },
  )
})

test('an import makes the index of a snapshot anew', async () => {
  const update = makeTextUpdate('hello')
  const nothing = snapshotWithIndex(Uint8Array.of(0))
  const document = { ...nothing, snapshot: nothing.snapshot && { ...nothing.snapshot, update } }
  const file = path.join(directory, 'archive')
  fs.writeFileSync(file, encodeDocumentArchive(document))
  expect(await documents('import', 'notes', file)).toMatchObject({ code: 0 })
  const store = levelStore(data)
  await store.open()
  const exported = await store.exportDocument('notes')
  await store.close()
  const stateVector = Y.encodeStateVectorFromUpdate(update)
  expect(exported?.snapshot).toMatchObject({ rootNames: ['text'], subdocuments: 0 })
  expect(Buffer.from(exported?.snapshot?.stateVector ?? [])).toEqual(Buffer.from(stateVector))
})
