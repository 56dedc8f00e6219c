import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { TraceError } from './trace-error.js'
import { parseTrace, type Trace } from './trace-format.js'

/**
 * Reads a trace from a `.json` or `.json.gz` file; which of the two is told by the content.
 * @throws TraceError naming the file
 */
export async function readTraceFile(path: string): Promise<Trace> {
  try {
    const bytes = await readFile(path)
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
    return parseTrace((isGzip ? gunzipSync(bytes) : bytes).toString('utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new TraceError(`cannot use the trace ${path}: ${reason}`)
  }
}
