import type { Mutant } from './mutant.js'
import { acknowledgeBeforeCommit } from './mutants/acknowledge-before-commit.js'
import { acknowledgementTooHigh } from './mutants/acknowledgement-too-high.js'
import { answerBeforeLoad } from './mutants/answer-before-load.js'
import { droppedTailRecord } from './mutants/dropped-tail-record.js'
import { echoedUpdates } from './mutants/echoed-updates.js'
import { endlessGrace } from './mutants/endless-grace.js'
import { fanOutBeforeAppend } from './mutants/fan-out-before-append.js'
import { formerAcknowledgement } from './mutants/former-acknowledgement.js'
import { lostFramesSaved } from './mutants/lost-frames-saved.js'
import { lyingFsync } from './mutants/lying-fsync.js'
import { neverLagging } from './mutants/never-lagging.js'
import { noQuestionFromServer } from './mutants/no-question-from-server.js'
import { readersMayWrite } from './mutants/readers-may-write.js'
import { resumeOfAnotherHistory } from './mutants/resume-of-another-history.js'
import { resurrectedPresence } from './mutants/resurrected-presence.js'
import { savedBeforeCommit } from './mutants/saved-before-commit.js'
import { skippedHeldUpdate } from './mutants/skipped-held-update.js'
import { skippedRecordAfterLag } from './mutants/skipped-record-after-lag.js'
import { skippedRecordOnResume } from './mutants/skipped-record-on-resume.js'
import { snapshotWithoutLastRecord } from './mutants/snapshot-without-last-record.js'

export const mutants: readonly Mutant[] = [
  acknowledgeBeforeCommit,
  acknowledgementTooHigh,
  answerBeforeLoad,
  droppedTailRecord,
  echoedUpdates,
  endlessGrace,
  fanOutBeforeAppend,
  formerAcknowledgement,
  lostFramesSaved,
  lyingFsync,
  neverLagging,
  noQuestionFromServer,
  readersMayWrite,
  resumeOfAnotherHistory,
  resurrectedPresence,
  savedBeforeCommit,
  skippedHeldUpdate,
  skippedRecordAfterLag,
  skippedRecordOnResume,
  snapshotWithoutLastRecord,
]

/** @throws TypeError where there is none of that name */
export function findMutant(name: string): Mutant {
  const found = mutants.find((mutant) => mutant.name === name)
  if (found === undefined) throw new TypeError(`there is no mutant ${JSON.stringify(name)}`)
  return found
}
