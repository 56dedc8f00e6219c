import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { VirtualTime } from '../../runtime/virtual-time.js'
import type { ClientState } from './checker.js'
import { Convergence } from './convergence.js'

function client(name: string, isSynced: boolean, doc = new Y.Doc()): ClientState {
  return { name, documentName: 'notes', doc, isSynced, unacknowledged: 0, presence: undefined }
}

test('a client has converged when it is synced and nothing more comes', async () => {
  const time = new VirtualTime()
  const doc = new Y.Doc()
  const measured = new Convergence(time, [client('prompt', true), client('late', false, doc)])
  time.after(10, () => measured.look([client('prompt', true), client('late', false, doc)]))
  time.after(30, () => measured.look([client('prompt', true), client('late', true, doc)]))
  time.after(45, () => doc.getText('text').insert(0, 'what it lacked'))
  time.after(60, () => measured.look([client('prompt', true), client('late', true, doc)]))
  time.after(70, () => time.stop())
  await time.run()
  expect(measured.clients).toEqual([
    { name: 'prompt', documentName: 'notes', ms: 10 },
    { name: 'late', documentName: 'notes', ms: 45 },
  ])
})

test('who is not synced in the end has not converged, whatever was before', () => {
  const time = new VirtualTime()
  const measured = new Convergence(time, [client('lost', true)])
  measured.look([client('lost', true)])
  measured.look([client('lost', false)])
  expect(measured.clients).toEqual([{ name: 'lost', documentName: 'notes', ms: undefined }])
})
