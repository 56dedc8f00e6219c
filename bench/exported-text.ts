import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const command = fileURLToPath(new URL('../cli/main.js', import.meta.url))
const maxBuffer = 1_073_741_824

/** What `cairn documents export NAME --format text` prints for a directory that no server holds. */
export async function exportedText(dataDirectory: string, name: string): Promise<string> {
  const args = ['documents', 'export', '--format', 'text', '--data', dataDirectory, '--', name]
  const { stdout } = await run(process.execPath, [command, ...args], { maxBuffer })
  return stdout
}
