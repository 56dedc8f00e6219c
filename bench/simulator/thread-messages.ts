import type { LinkClass } from './link-class.js'
import type { SimulationOptions } from './simulation-options.js'
import type { SimulationResult } from './simulation-result.js'

/** One run to do. */
export interface ThreadRequest {
  readonly seed: number
  /** What takes the place of what the seed draws. */
  readonly overrides: Partial<SimulationOptions>
  readonly linkClasses: Readonly<Record<string, LinkClass>>
  /** The name of a mutant to run instead of the server as it is. */
  readonly mutant: string | undefined
  /** `file:` address of a module with what an application brings; see `SimulationExtension`. */
  readonly extension?: string | undefined
}

export type ThreadAnswer =
  | { readonly kind: 'result'; readonly result: SimulationResult }
  | { readonly kind: 'failed'; readonly seed: number; readonly message: string }
