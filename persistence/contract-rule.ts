import { Buffer } from 'node:buffer'
import type { DocumentLog, DocumentStore, LogRecord, NewSnapshot } from './document-store.js'

/** A store made for one test, on data of its own. */
export interface StoreUnderTest {
  /** Not open yet. */
  readonly store: DocumentStore
  /** After `store` was closed: a handle on the same data, perhaps the same one, not open yet. */
  reopened(): DocumentStore
  /** Closes what is open and removes the data. */
  dispose(): Promise<void>
}

/** One numbered rule of the store contract. */
export interface ContractRule {
  /** `ST` and a number; stable. */
  readonly id: string
  /** A sentence about "a store" or "a log". */
  readonly title: string
  /** @param subject its store is open; the rule may close it */
  check(subject: StoreUnderTest): Promise<void>
}

/** Update bytes that tell where they come from. The store does not look into them. */
export function updateOf(label: string, byteLength?: number): Uint8Array {
  const text = Buffer.from(label, 'utf8')
  return new Uint8Array(Buffer.alloc(byteLength ?? text.length, text))
}

/** Appends one record for each label and waits for all of them. */
export async function appendAll(
  log: DocumentLog,
  labels: readonly string[],
): Promise<readonly number[]> {
  const appended = labels.map((label) =>
    log.append({ update: updateOf(label), principal: 'alice', connection: 'c1' }),
  )
  return (await Promise.all(appended)).map(({ sequence }) => sequence)
}

export async function readAll(log: DocumentLog): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for await (const page of log.readTail()) records.push(...page)
  return records
}

export async function readLabels(log: DocumentLog): Promise<string[]> {
  return (await readAll(log)).map(({ update }) => new TextDecoder().decode(update))
}

export function snapshotOf(through: number, label: string, byteLength?: number): NewSnapshot {
  return {
    through,
    update: updateOf(label, byteLength),
    stateVector: updateOf(`state vector of ${label}`),
    deleteSet: updateOf(`delete set of ${label}`),
    rootNames: ['text', '', 'päge'],
    subdocuments: 2,
  }
}

/** Runs `use` with a log that is closed afterwards. */
export async function withLog<T>(
  store: DocumentStore,
  name: string,
  use: (log: DocumentLog) => Promise<T>,
): Promise<T> {
  const log = await store.openLog(name)
  try {
    return await use(log)
  } finally {
    await log.close()
  }
}
