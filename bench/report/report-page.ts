/** What a report page shows; `html-page.ts` draws it. */
export interface ReportPage {
  readonly title: string
  readonly subtitle: string
  readonly verdict: { readonly isGood: boolean; readonly text: string }
  /** Why the verdict is not good. */
  readonly problems: readonly string[]
  readonly figures: readonly Figure[]
  readonly plots: readonly Plot[]
  readonly lanes: readonly Lane[]
  /** Moments that concern all lanes. */
  readonly marks: readonly LaneMark[]
  /** The last that happened, where something went wrong. */
  readonly log: readonly (readonly [time: string, what: string])[]
  /** What was run and where, as names and values. */
  readonly details: readonly (readonly [name: string, value: string])[]
}

/** One large number. */
export interface Figure {
  readonly label: string
  readonly value: string
  readonly note: string
}

export interface Plot {
  readonly title: string
  /** One sentence that says how to read it. */
  readonly note: string
  /**
   * `nines` spreads percentiles towards 100 %, as HdrHistogram's plots do; `names` has the values
   * 1, 2, 3 …, each with the name of its place.
   */
  readonly x:
    | { readonly label: string; readonly kind: 'seconds' | 'number' | 'nines' }
    | { readonly label: string; readonly kind: 'names'; readonly names: readonly string[] }
  readonly y: PlotScale
  /** A second scale, on the right. */
  readonly right?: PlotScale
  readonly xValues: readonly number[]
  readonly series: readonly PlotSeries[]
}

export interface PlotScale {
  readonly label: string
  readonly isLogarithmic?: boolean
}

export interface PlotSeries {
  readonly label: string
  readonly color: PlotColor
  readonly style: 'line' | 'area' | 'bars'
  readonly isOnRight?: boolean
  /** null where nothing was measured. */
  readonly values: readonly (number | null)[]
}

/** Names of the page's palette, which differs by day and night. */
export type PlotColor = 'blue' | 'orange' | 'green' | 'red' | 'violet' | 'grey'

/** One row of a swim lane: what one machine or client was in, and when. */
export interface Lane {
  readonly name: string
  readonly spans: readonly LaneSpan[]
}

export interface LaneSpan {
  readonly fromMs: number
  /** Equal to `fromMs` for something that takes no time. */
  readonly toMs: number
  readonly label: string
  readonly color: PlotColor
  /** Drawn pale and broad, behind what happened meanwhile. */
  readonly isGround?: boolean
}

export interface LaneMark {
  readonly atMs: number
  readonly label: string
  readonly color: PlotColor
}
