/** A count with thousands apart: 1,234,567. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** A count that fits a card: 1,234,567, and 45.0 M from ten million on. */
export function largeCount(value: number): string {
  return value < 10_000_000 ? count(value) : `${(value / 1_000_000).toFixed(1)} M`
}

/** Three significant digits, in the unit that fits: 0.42 ms, 12.3 ms, 1.85 s. */
export function milliseconds(value: number): string {
  if (value >= 1_000) return `${digits(value / 1_000)} s`
  return `${digits(value)} ms`
}

export function megabytes(bytes: number): string {
  const mebibytes = bytes / 1_048_576
  return mebibytes >= 1_024 ? `${digits(mebibytes / 1_024)} GiB` : `${digits(mebibytes)} MiB`
}

/** A share of one as a whole percentage. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function digits(value: number): string {
  if (value >= 100) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
