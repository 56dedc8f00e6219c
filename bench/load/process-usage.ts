import { readFile } from 'node:fs/promises'

/** What one process has used so far. */
export interface ProcessUsage {
  /** Processor time in user and system mode, all threads, in milliseconds; to 10 ms. */
  readonly cpuMs: number
  readonly residentBytes: number
  readonly peakResidentBytes: number
}

/** `/proc` counts in ticks of USER_HZ, which Linux fixes at 100 for every architecture of today. */
const tickMs = 10

/** Reads `/proc`; undefined where there is none, or no such process. */
export async function readProcessUsage(pid: number): Promise<ProcessUsage | undefined> {
  try {
    const [stat, status] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/status`, 'utf8'),
    ])
    return parseProcessUsage(stat, status)
  } catch {
    return undefined
  }
}

/** Reads the texts of `/proc/<pid>/stat` and `status`; proc(5) names the fields. */
export function parseProcessUsage(stat: string, status: string): ProcessUsage {
  // The command stands in brackets and may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1_024
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
    residentBytes: kilobytes('VmRSS'),
    peakResidentBytes: kilobytes('VmHWM'),
  }
}
