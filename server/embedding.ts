import * as Y from 'yjs'
import type { CairnError } from '../protocol/errors.js'
import type { Author } from './author.js'
import type { ConnectionContext } from './connection-context.js'
import { updateOf } from './document-index.js'
import { keepFormattingMarks } from './keep-formatting-marks.js'
import { Receipt } from './receipts.js'

/** A change by the embedding program: the path of a client's edit, with a promise at its end. */
export async function transactDocument<Result>(
  context: ConnectionContext,
  name: string,
  change: (doc: Y.Doc) => Result,
  principal: string,
): Promise<Result> {
  const outcome = new Outcome()
  const { document, open } = await context.use(name, outcome)
  const { replica } = document
  try {
    const { result, update } = await replica.change(change, principal)
    open.receiveUpdate(outcome.author(principal), update, outcome.receipt)
    await outcome.durable
    return result
  } catch (error) {
    // The Y.Doc holds what never became durable; its clientID must not be used for anything else.
    replica.discard()
    open.readFailed(error)
    throw error
  } finally {
    document.release(outcome)
  }
}

/** Everything durable, in a Y.Doc that belongs to the caller. */
export async function readDocument(context: ConnectionContext, name: string): Promise<Y.Doc> {
  const reader = { onDocumentLost: () => undefined }
  const { document, open } = await context.use(name, reader)
  try {
    for (;;) {
      const { snapshot } = open.index
      const base = snapshot && (await open.log.readSnapshot())
      if (open.index.snapshot !== snapshot) continue
      const doc = new Y.Doc()
      keepFormattingMarks(doc)
      doc.transact(() => {
        if (base !== undefined) Y.applyUpdate(doc, base)
        for (const record of open.index.tail) Y.applyUpdate(doc, updateOf(record))
      })
      return doc
    }
  } catch (error) {
    open.readFailed(error)
    throw error
  } finally {
    document.release(reader)
  }
}

/** What becomes of one change: durable, refused, or lost with its document. */
class Outcome {
  readonly durable: Promise<void>
  readonly receipt: Receipt
  #reject: (error: CairnError) => void = () => undefined

  constructor() {
    let resolve: () => void = () => undefined
    this.durable = new Promise((onDurable, onLost) => {
      resolve = onDurable
      this.#reject = onLost
    })
    // Whoever awaits it hears of a loss; before that nobody does.
    this.durable.catch(() => undefined)
    this.receipt = new Receipt(1, resolve)
  }

  onDocumentLost(error: CairnError): void {
    this.#reject(error)
  }

  author(principal: string): Author {
    return {
      id: '',
      principal: { id: principal, access: 'write' },
      queued: () => undefined,
      committed: () => undefined,
      askForMissing: () => undefined,
      refuse: (_receipt, error) => this.#reject(error),
    }
  }
}
