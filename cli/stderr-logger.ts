import type { LogFields, Logger } from '../server/logger.js'
import { escapeControls } from './escape-controls.js'
import type { Output } from './output.js'

/** The server's warnings and errors as lines on standard error, with the fields as JSON. */
export function createStderrLogger(output: Output): Logger {
  const ignore = (): void => undefined
  const write = (level: string) => (fields: LogFields, message: string) => {
    const line = `cairn: ${level}: ${message} ${JSON.stringify(fields, describeValue)}`
    output.writeError(`${escapeControls(line)}\n`)
  }
  return { debug: ignore, info: ignore, warn: write('warning'), error: write('error') }
}

function describeValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Error ? value.message : value
}
