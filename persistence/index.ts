/** The store port, its implementations and the suite that every store passes. */
export type {
  Appended,
  DocumentLog,
  DocumentStat,
  DocumentStore,
  DocumentSummary,
  Durability,
  ExportedDocument,
  ListOptions,
  LogRecord,
  NewRecord,
  NewSnapshot,
  SnapshotIndex,
  SnapshotInfo,
  StoreHealth,
  VerifyReport,
} from './document-store.js'
export { type LevelStoreOptions, levelStore } from './level-store.js'
export { type MemoryStoreOptions, memoryStore } from './memory-store.js'
export { mergeDocument } from './merge-document.js'
export {
  registerStoreContract,
  type StoreContractOptions,
  storeContractRules,
} from './store-contract.js'
