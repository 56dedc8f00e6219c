#!/usr/bin/env node
import { levelStore } from '../persistence/index.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import type { CommandContext, StopSignal } from './command-context.js'
import { createProcessOutput } from './output.js'
import { runCommandLine } from './program.js'

const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM']

const context: CommandContext = {
  output: createProcessOutput(process.stdout, process.stderr),
  environment: systemEnvironment,
  createStore: (directory, options) => levelStore(directory, options),
  onStopSignal(listener) {
    for (const signal of stopSignals) process.on(signal, listener)
    return () => {
      for (const signal of stopSignals) process.off(signal, listener)
    }
  },
  exit: (code) => process.exit(code),
}

const exitCode = await runCommandLine(process.argv.slice(2), context)
await context.output.flush()
process.exit(exitCode)
