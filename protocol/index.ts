export {
  type AwarenessEntry,
  type AwarenessLimits,
  decodeAwareness,
  encodeAwarenessEntries,
} from './awareness-message.js'
export { type CloseReason, closeReason, parseCloseReason } from './close-reason.js'
export {
  decodeClientMessage,
  decodeServerMessage,
  emptyAwarenessMessage,
  encodeAwareness,
  encodePermissionDenied,
  encodePing,
  encodePong,
  encodeQueryAwareness,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
} from './codec.js'
export { DeleteRanges } from './delete-ranges.js'
export { type DocumentNameOptions, parseDocumentName } from './document-name.js'
export { CairnError, type ErrorCode, errorCatalogue, toCairnError } from './errors.js'
export {
  encodeAccess,
  encodeAcknowledge,
  encodeAway,
  encodeBack,
  encodeHello,
  encodePosition,
  encodeReceivedSignal,
  encodeReject,
  encodeResume,
  encodeSentSignal,
  encodeSignalReceipt,
  encodeTab,
  encodeToken,
} from './extension-codec.js'
export { type ProtocolLimit, protocolLimits } from './limits.js'
export {
  type AccessMessage,
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
  type PositionMessage,
  type QueryAwarenessMessage,
  type ReceivedSignalMessage,
  type RejectMessage,
  type ResumeMessage,
  type SentSignalMessage,
  type ServerMessage,
  type SharedMessage,
  type SignalReceiptMessage,
  type SyncStep1Message,
  type SyncStep2Message,
  type TabMessage,
  type TokenMessage,
  tokenProtocolPrefix,
  type UnknownMessage,
  type UpdateMessage,
} from './message.js'
export { isComplete, type MissingClock, type SplitUpdate, splitUpdate } from './split-update.js'
export { decodeStateVector, encodeStateVector } from './state-vector.js'
export { trimUpdate } from './trim-update.js'
export { type UpdateRule, updateRules } from './update-rules.js'
export { type UpdateScan, UpdateScanner } from './update-scanner.js'
