import type { UpdateContents } from '../../update-contents.js'
import type { StoredDocument } from '../checker.js'
import { DurableChecker } from '../durable-checker.js'
import { storedContents } from './acknowledged-kept.js'

/** When an author is told that its update is durable, the store has said so before. */
export class AcknowledgedDurable extends DurableChecker {
  readonly invariant = 'acknowledged-durable'

  acknowledged(name: string, contents: UpdateContents): string | undefined {
    const early = this.durable.of(name).lacks(contents)
    return early && `document ${name}: acknowledged and not durable: ${early}`
  }

  recovered({ name, exported }: StoredDocument): undefined {
    // What was on its way to the disk may be there, though nobody was told.
    this.durable.replace(name, storedContents(exported))
  }
}
