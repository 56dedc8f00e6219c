/** The bench for an application's own tests: simulations, loads, bad links, checkers. */
export { defaultMix, type EditMix as LoadEditMix } from './load/edit-mix.js'
export type { LatencySummary } from './load/latencies.js'
export { defaultPlan, type LoadPlan } from './load/load-plan.js'
export type { LoadReport, LoadSample, ServerFigures } from './load/load-report.js'
export { type LoadServerOptions, loadServer } from './load/load-server.js'
export { type OpenLink, type OpenLinkOptions, openLink } from './load/open-link.js'
export { passedThresholds, type Thresholds } from './load/thresholds.js'
export type { ClientResult, LatencyKind } from './load/worker-messages.js'
export {
  type WrittenReport,
  writeLoadReport,
  writeSimulationReport,
} from './report/write-report.js'
export type {
  CampaignFailure,
  CampaignProgress,
  CampaignReport,
  CampaignRun,
} from './simulator/campaign.js'
export type { Checker, ClientState, StoredDocument } from './simulator/checker.js'
export { EverybodySynced } from './simulator/checkers/everybody-synced.js'
export { NothingPending } from './simulator/checkers/nothing-pending.js'
export { PresenceExact } from './simulator/checkers/presence-exact.js'
export { ReplicasEqual } from './simulator/checkers/replicas-equal.js'
export type { WebSocketConstructor, WebSocketLike } from './simulator/client-web-socket.js'
export type { ClientConvergence } from './simulator/convergence.js'
export { describeDifference } from './simulator/document-difference.js'
export { type EditMix, RandomEditor } from './simulator/edits.js'
export type { TraceLine } from './simulator/event-trace.js'
export type {
  AppClient,
  AppClientPlace,
  AppEdit,
  SimulationExtension,
} from './simulator/extension.js'
export type { FaultEvent } from './simulator/fault-plan.js'
export type { HistoryLane, HistorySpan } from './simulator/history.js'
export {
  type LinkClass,
  linkClasses,
  type Outage,
  parseLinkClasses,
} from './simulator/link-class.js'
export { RandomStream } from './simulator/random-stream.js'
export type { ShrunkFailure } from './simulator/shrink.js'
export {
  type SimulateOptions,
  type SimulateSeedsOptions,
  type SimulationOverrides,
  shrinkFailure,
  simulate,
  simulateSeeds,
} from './simulator/simulate.js'
export type { FaultKind, SimulationOptions } from './simulator/simulation-options.js'
export type { SimulationResult } from './simulator/simulation-result.js'
export type { ToxicSpec, ToxicType } from './simulator/toxics/toxic-spec.js'
export type { Violation } from './simulator/world.js'
