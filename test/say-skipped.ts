/** Says on a line of its own what is not tried here and why; a runner shows no more than a count. */
export function saySkipped(what: string, reason: string): void {
  process.stderr.write(`${what}: skipped: ${reason}\n`)
}
