import { readFile } from 'node:fs/promises'

/** Enough to tell a process from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since the boot, as /proc tells; undefined where there is no /proc. */
  readonly startTime: string | undefined
  /** Random for each boot; undefined where the system does not tell. */
  readonly bootId: string | undefined
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  const [found, bootId] = await Promise.all([readProcess(process.pid), readBootId()])
  return { pid: process.pid, startTime: found?.startTime, bootId }
}

/**
 * Whether the process that `identity` names still runs. Where that cannot be told for certain the
 * answer is no for other processes: LevelDB's own lock then decides.
 */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const bootId = await readBootId()
  if (bootId !== identity.bootId) return false
  const found = await readProcess(identity.pid)
  if (found === undefined || identity.startTime === undefined) return identity.pid === process.pid
  return found.isAlive && found.startTime === identity.startTime
}

/** proc(5), /proc/pid/stat: the state is field 3, the start time field 22; field 2 may hold `)`. */
async function readProcess(
  pid: number,
): Promise<{ readonly startTime: string; readonly isAlive: boolean } | undefined> {
  const stat = await readOrUndefined(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startTime] = [fields[0], fields[19]]
  if (state === undefined || startTime === undefined) return undefined
  // A zombie or dead process runs no more, though a thread of it may still hold its files.
  return { startTime, isAlive: state !== 'Z' && state !== 'X' }
}

async function readBootId(): Promise<string | undefined> {
  return (await readOrUndefined('/proc/sys/kernel/random/boot_id'))?.trim()
}

async function readOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
