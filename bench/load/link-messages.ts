import type { LinkClass } from '../simulator/link-class.js'

/** What the command tells the process of the links, and what that answers. */
export type LinkOrder =
  | {
      readonly type: 'open'
      /** Taken in turn. */
      readonly classes: readonly LinkClass[]
      readonly count: number
      readonly host: string
      readonly port: number
      readonly seed: number
    }
  | { readonly type: 'heal' }

export type LinkNews =
  | { readonly type: 'opened'; readonly ports: readonly number[] }
  | { readonly type: 'failed'; readonly reason: string }
