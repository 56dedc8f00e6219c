import type { Environment } from '../runtime/environment.js'
import { isLevelLocked } from './level-errors.js'

/** Time enough to take gigabytes of memory apart, which the kernel does before it closes files. */
const patienceMs = 10_000

const intervalMs = 20

/**
 * Opens a database whose last holder is dead. The kernel takes a killed process apart thread by
 * thread and shows it as dead after the first, while another still keeps LevelDB's lock: a restart
 * right after a kill comes too early, and only has to wait.
 *
 * @throws what `open` throws; while the database is locked, only after ten seconds
 */
export async function openOnceReleased<T>(
  open: () => Promise<T>,
  environment: Environment,
): Promise<T> {
  const giveUpAt = environment.now() + patienceMs
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!isLevelLocked(error) || environment.now() >= giveUpAt) throw error
    }
    await new Promise<void>((resolve) => {
      environment.setTimer(resolve, intervalMs)
    })
  }
}
