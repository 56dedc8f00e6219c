export {
  type AwarenessEntry,
  type AwarenessLimits,
  decodeAwareness,
  encodeAwarenessEntries,
} from './awareness-message.js'
export {
  decodeClientMessage,
  decodeServerMessage,
  emptyAwarenessMessage,
  encodeAcknowledge,
  encodeAwareness,
  encodeAway,
  encodeBack,
  encodeHello,
  encodePermissionDenied,
  encodePing,
  encodePong,
  encodeQueryAwareness,
  encodeReject,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeTab,
  encodeUpdate,
} from './codec.js'
export { DeleteRanges } from './delete-ranges.js'
export { type DocumentNameOptions, parseDocumentName } from './document-name.js'
export { CairnError, type ErrorCode, errorCatalogue, toCairnError } from './errors.js'
export { type ProtocolLimit, protocolLimits } from './limits.js'
export {
  type AcknowledgedDurability,
  type AcknowledgeMessage,
  type AuthMessage,
  type AwarenessMessage,
  type AwayMessage,
  type BackMessage,
  type ClientMessage,
  extensionProtocol,
  type HelloMessage,
  messageType,
  type PingMessage,
  type PongMessage,
  type QueryAwarenessMessage,
  type RejectMessage,
  type ServerMessage,
  type SharedMessage,
  type SyncStep1Message,
  type SyncStep2Message,
  type TabMessage,
  type UnknownMessage,
  type UpdateMessage,
} from './message.js'
export { isComplete, type MissingClock, type SplitUpdate, splitUpdate } from './split-update.js'
export { decodeStateVector, encodeStateVector } from './state-vector.js'
export { trimUpdate } from './trim-update.js'
export { type UpdateRule, updateRules } from './update-rules.js'
export { type UpdateScan, UpdateScanner } from './update-scanner.js'
