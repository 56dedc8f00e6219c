/** Wall-clock milliseconds as an ISO 8601 date and time in UTC, to the second. */
export function formatTime(wallClock: number): string {
  const date = new Date(wallClock)
  if (Number.isNaN(date.getTime())) return String(wallClock)
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}

/** A byte count as a person reads it: 812 B, 1.5 KiB, 3.0 MiB. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`
}

/** Columns that are as wide as their widest cell; the last one is not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    }
  }
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : pad(cell, widths[column]))),
  )
  return lines.map((cells) => `${cells.join('  ')}\n`).join('')
}

function pad(cell: string, width = 0): string {
  return cell.padEnd(width)
}

/** `1 document`, `2 documents`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
