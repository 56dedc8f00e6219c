import type { Checker } from './checker.js'
import { AcknowledgedDurable } from './checkers/acknowledged-durable.js'
import { AcknowledgedKept } from './checkers/acknowledged-kept.js'
import { AnswersComplete } from './checkers/answers-complete.js'
import { EverybodySynced } from './checkers/everybody-synced.js'
import { EverythingLetGo } from './checkers/everything-let-go.js'
import { LogHistory } from './checkers/log-history.js'
import { NoComplaints } from './checkers/no-complaints.js'
import { NothingPending } from './checkers/nothing-pending.js'
import { OwnUpdatesKeptBack } from './checkers/own-updates-kept-back.js'
import { PresenceExact } from './checkers/presence-exact.js'
import { ReadersWriteNothing } from './checkers/readers-write-nothing.js'
import { ReplicasEqual } from './checkers/replicas-equal.js'
import { SavedDurable } from './checkers/saved-durable.js'
import { ShownDurable } from './checkers/shown-durable.js'
import { type Bounds, WithinBounds } from './checkers/within-bounds.js'

/** Every invariant, watched anew. */
export function createCheckers(bounds: Bounds): readonly Checker[] {
  return [
    new NoComplaints(),
    new AcknowledgedDurable(),
    new AcknowledgedKept(),
    new SavedDurable(),
    new ShownDurable(),
    new OwnUpdatesKeptBack(),
    new AnswersComplete(),
    new LogHistory(),
    new ReadersWriteNothing(),
    new WithinBounds(bounds),
    new EverybodySynced(),
    new NothingPending(),
    new ReplicasEqual(),
    new PresenceExact(),
    new EverythingLetGo(),
  ]
}
