import { beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { ProviderError } from './provider-error.js'
import { noUpdate, UnsavedChanges } from './unsaved-changes.js'

const refusal = new ProviderError('TOO_LARGE', 'too large')

/** A Y.Doc whose changes are unsaved until the test acknowledges them. */
class Author {
  readonly doc = new Y.Doc()
  readonly unsaved = new UnsavedChanges()
  updates: Uint8Array[] = []
  #changes = 0

  constructor() {
    this.doc.on('update', (update: Uint8Array) => this.updates.push(update))
  }

  type(text: string, frame?: number): Uint8Array {
    const content = this.doc.getText('text')
    content.insert(content.length, text)
    const update = this.updates.at(-1) ?? noUpdate
    this.unsaved.add(update, ++this.#changes, frame)
    return update
  }

  delete(frame?: number): void {
    this.doc.getText('text').delete(0, 1)
    this.unsaved.add(this.updates.at(-1) ?? noUpdate, ++this.#changes, frame)
  }

  set(key: string, value: string): void {
    this.doc.getMap('map').set(key, value)
    this.unsaved.add(this.updates.at(-1) ?? noUpdate, ++this.#changes, undefined)
  }

  /** The server asks what it lacks, and is answered in `frame`. */
  answer(server: Y.Doc, frame: number): Uint8Array {
    const { update, isEverything } = this.unsaved.answer(this.doc, Y.encodeStateVector(server))
    this.unsaved.sentAnswer(frame, isEverything)
    Y.applyUpdate(server, update)
    return update
  }
}

let author: Author
let server: Y.Doc

beforeEach(() => {
  author = new Author()
  server = new Y.Doc()
})

/** The author has everything saved on a connection whose first frame was its answer. */
function save(): void {
  author.answer(server, 1)
  author.unsaved.acknowledge(1)
}

describe('a change', () => {
  test('C1 is unsaved until the server acknowledges the frame that carried it', () => {
    save()
    expect(author.unsaved.isSaved).toBe(true)
    author.type('a', 2)
    author.type('b', 3)
    expect(author.unsaved).toMatchObject({ count: 2, isSaved: false })
    author.unsaved.acknowledge(2)
    expect(author.unsaved).toMatchObject({ count: 1, isSaved: false })
    author.unsaved.acknowledge(3)
    expect(author.unsaved).toMatchObject({ count: 0, isSaved: true })
  })

  test('C1 counts where it only deletes', () => {
    author.type('abc')
    save()
    author.delete(2)
    expect(author.unsaved).toMatchObject({ count: 1, isSaved: false })
    author.unsaved.acknowledge(2)
    expect(author.unsaved.isSaved).toBe(true)
  })

  test('C3 is not saved by an acknowledgement of a connection that did not carry it', () => {
    save()
    author.type('a', 2)
    author.unsaved.connectionLost()
    author.unsaved.acknowledge(2)
    expect(author.unsaved).toMatchObject({ count: 1, isSaved: false })
    author.answer(server, 1)
    author.unsaved.acknowledge(1)
    expect(author.unsaved).toMatchObject({ count: 0, isSaved: true })
  })

  test('C3 of before the first connection is not saved before the server has the whole document', () => {
    const { doc, unsaved } = new Author()
    doc.getText('text').insert(0, 'from elsewhere')
    expect(unsaved).toMatchObject({ count: 0, isSaved: false, needsEverything: true })
    unsaved.acknowledge(1)
    expect(unsaved.isSaved).toBe(false)
  })
})

describe('the answer to a server', () => {
  test('C4 carries what waits, once, merged', () => {
    save()
    author.type('a')
    author.type('b')
    author.delete()
    const update = author.answer(server, 1)
    expect(server.getText('text').toString()).toBe('b')
    expect(update.byteLength).toBeLessThan(Y.encodeStateAsUpdate(author.doc).byteLength + 10)
    author.unsaved.acknowledge(1)
    expect(author.unsaved.isSaved).toBe(true)
    expect(author.answer(server, 2)).toEqual(noUpdate)
  })

  test('C4 leaves out the deletes that the server has acknowledged', () => {
    for (let i = 0; i < 200; i++) author.type('ab')
    for (let i = 0; i < 200; i++) author.doc.getText('text').delete(i, 1)
    save()
    author.type('c')
    const update = author.answer(server, 1)
    expect(update.byteLength).toBeLessThan(30)
    expect(
      Y.encodeStateAsUpdate(author.doc, Y.encodeStateVector(server)).byteLength,
    ).toBeGreaterThan(200)
  })

  test('is everything where a server has less than it had acknowledged', () => {
    author.type('old')
    save()
    author.type('new')
    const forgetful = new Y.Doc()
    author.answer(forgetful, 1)
    expect(forgetful.getText('text').toString()).toBe('oldnew')
  })

  test('covers changes that another frame carried before', () => {
    save()
    author.type('a', 2)
    author.answer(server, 3)
    author.unsaved.acknowledge(2)
    expect(author.unsaved.isSaved).toBe(false)
    author.unsaved.acknowledge(3)
    expect(author.unsaved.isSaved).toBe(true)
  })
})

describe('very many changes that wait', () => {
  test('C5 become one, and none is forgotten', () => {
    save()
    for (let i = 0; i < 1_234; i++) author.type('x')
    expect(author.unsaved.count).toBe(1_234)
    const other = new Author()
    const update = author.answer(server, 1)
    Y.applyUpdate(other.doc, update)
    expect(other.doc.getText('text').length).toBe(1_234)
    author.unsaved.acknowledge(1)
    expect(author.unsaved).toMatchObject({ count: 0, isSaved: true })
  })

  test('C5 do not take those along that a frame carries', () => {
    save()
    author.type('sent', 2)
    for (let i = 0; i < 600; i++) author.type('x')
    author.unsaved.acknowledge(2)
    expect(author.unsaved.count).toBe(600)
  })

  test('C5 beyond 4 MiB, are compared as a whole instead of kept', () => {
    save()
    author.type('x'.repeat(4_200_000))
    for (let i = 0; i < 500; i++) author.type('y')
    expect(author.unsaved).toMatchObject({ count: 501, needsEverything: true })
    author.answer(server, 1)
    expect(server.getText('text').length).toBe(4_200_500)
    author.unsaved.acknowledge(1)
    expect(author.unsaved).toMatchObject({ count: 0, isSaved: true })
  })
})

test('C5 few large changes that replace each other are not all kept', () => {
  save()
  for (let i = 0; i < 20; i++) author.set('image', `${i}`.repeat(500_000))
  expect(author.unsaved).toMatchObject({ count: 20, needsEverything: true })
  author.answer(server, 1)
  expect(server.getMap('map').get('image')).toBe('19'.repeat(500_000))
  author.unsaved.acknowledge(1)
  expect(author.unsaved).toMatchObject({ count: 0, isSaved: true })
})

describe('a refused frame', () => {
  test('C6 leaves the counter, and nothing is saved while its changes are only here', () => {
    save()
    author.type('a', 2)
    author.type('b', 3)
    expect(author.unsaved.reject(2, refusal)).toBe(1)
    author.unsaved.acknowledge(3)
    expect(author.unsaved).toMatchObject({ count: 0, rejected: 1, isSaved: false })
    expect(author.unsaved.rejection).toBe(refusal)
  })

  test('C6 is settled once everything was sent again and acknowledged', () => {
    save()
    author.type('a', 2)
    author.unsaved.reject(2, refusal)
    author.unsaved.connectionLost()
    author.answer(server, 1)
    expect(server.getText('text').toString()).toBe('a')
    author.unsaved.acknowledge(1)
    expect(author.unsaved).toMatchObject({ count: 0, rejected: 0, isSaved: true })
    expect(author.unsaved.rejection).toBeUndefined()
  })

  test('C6 counts where it was the answer with everything', () => {
    author.type('a')
    author.answer(server, 1)
    expect(author.unsaved.reject(1, refusal)).toBe(1)
    author.unsaved.acknowledge(1)
    expect(author.unsaved).toMatchObject({ count: 0, rejected: 1, isSaved: false })
  })

  test('C6 is not taken back by the acknowledgement of an answer that was sent before it', () => {
    author.type('a')
    author.answer(server, 1)
    author.type('b', 2)
    author.unsaved.reject(2, refusal)
    author.unsaved.acknowledge(2)
    expect(author.unsaved).toMatchObject({ count: 0, rejected: 1, isSaved: false })
  })

  test('C6 does not matter where a later answer has all of it', () => {
    save()
    author.type('a', 2)
    author.unsaved.forgetWhatIsSaved()
    author.answer(server, 3)
    author.unsaved.reject(2, refusal)
    author.unsaved.acknowledge(3)
    expect(author.unsaved).toMatchObject({ count: 0, rejected: 0, isSaved: true })
    expect(author.unsaved.rejection).toBeUndefined()
  })

  test('C7 what is not even sent counts as refused', () => {
    save()
    author.unsaved.addRejected(refusal)
    expect(author.unsaved).toMatchObject({ count: 0, rejected: 1, isSaved: false })
  })

  test('C7 what waited when writing was forbidden becomes refused', () => {
    save()
    author.type('a')
    author.unsaved.addOfTab('other', 1, noUpdate)
    author.type('sent', 2)
    expect(author.unsaved.refuseWaiting(refusal)).toBe(2)
    expect(author.unsaved).toMatchObject({ count: 1, rejected: 2, isSaved: false })
  })
})

describe('a server that does not acknowledge', () => {
  test('C8 leaves changes counted and never saved', () => {
    author.type('a')
    author.type('b')
    author.unsaved.setAcknowledging(false)
    author.type('c', 1)
    author.unsaved.acknowledge(1)
    expect(author.unsaved).toMatchObject({ count: 3, isSaved: false })
  })

  test('C8 is made good by one that does', () => {
    author.unsaved.setAcknowledging(false)
    author.type('a', 1)
    author.unsaved.connectionLost()
    author.unsaved.setAcknowledging(true)
    author.answer(server, 1)
    expect(server.getText('text').toString()).toBe('a')
    author.unsaved.acknowledge(1)
    expect(author.unsaved).toMatchObject({ count: 0, isSaved: true })
  })
})

describe('a change of another tab', () => {
  const update = (text: string): Uint8Array => {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, text)
    return Y.encodeStateAsUpdate(doc)
  }

  test('C27 is unsaved until its tab says that it is saved', () => {
    save()
    author.unsaved.addOfTab('tab', 4, update('a'))
    author.unsaved.addOfTab('tab', 5, update('b'))
    expect(author.unsaved.count).toBe(2)
    author.unsaved.savedByTab('someone else', 9)
    author.unsaved.savedByTab('tab', 4)
    expect(author.unsaved).toMatchObject({ count: 1, isSaved: false })
    author.unsaved.savedByTab('tab', 5)
    expect(author.unsaved.isSaved).toBe(true)
  })

  test('C27 is sent from here once, and then saved by its frame', () => {
    save()
    author.unsaved.addOfTab('tab', 1, update('a'))
    author.unsaved.addOfTab('other', 1, update('b'))
    const sent: Uint8Array[] = []
    const send = (bytes: Uint8Array): number => 1 + sent.push(bytes)
    author.unsaved.takeUnsentOfTabs(send, 'tab')
    expect(sent).toHaveLength(1)
    author.unsaved.takeUnsentOfTabs(send)
    author.unsaved.takeUnsentOfTabs(send)
    expect(sent).toHaveLength(2)
    author.unsaved.acknowledge(3)
    expect(author.unsaved.isSaved).toBe(true)
  })

  test('C6 that the server would refuse is not saved by an answer that is on its way', () => {
    author.answer(server, 1)
    author.unsaved.addOfTab('tab', 1, update('a'))
    const refused = author.unsaved.takeUnsentOfTabs(() => refusal)
    expect(refused).toEqual([{ error: refusal, changes: 1 }])
    author.unsaved.acknowledge(1)
    expect(author.unsaved).toMatchObject({ count: 0, rejected: 1, isSaved: false })
  })

  test('says how far the own changes are saved', () => {
    expect(author.unsaved.ownSavedThrough(0)).toBe(0)
    save()
    author.type('a', 2)
    author.type('b', 3)
    author.unsaved.addOfTab('tab', 1, update('a'))
    expect(author.unsaved.ownSavedThrough(2)).toBe(0)
    author.unsaved.acknowledge(2)
    expect(author.unsaved.ownSavedThrough(2)).toBe(1)
    author.unsaved.acknowledge(3)
    expect(author.unsaved.ownSavedThrough(2)).toBe(2)
  })
})

test('C7 a reader whose document came from the server alone has everything saved', () => {
  const { unsaved } = new Author()
  unsaved.hasNothingOfItsOwn()
  expect(unsaved.isSaved).toBe(true)
})

test('C7 a reader does not say so once the server may have lost some of it', () => {
  const { unsaved } = new Author()
  unsaved.hasNothingOfItsOwn()
  unsaved.forgetWhatIsSaved()
  unsaved.hasNothingOfItsOwn()
  expect(unsaved.isSaved).toBe(false)
})
