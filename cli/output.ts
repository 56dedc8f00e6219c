/** Where commands write. The process's streams in `main.ts`, a collector in tests. */
export interface Output {
  /** Queues text or bytes for standard output: what was asked for, and nothing else. */
  write(data: string | Uint8Array): void
  /** Queues text for standard error: problems, hints and progress. */
  writeError(text: string): void
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean
  /** Whether standard error is a terminal, so that a line can be written over. */
  readonly isErrorTerminal: boolean
  /** Resolves once everything queued is out of this process, or cannot leave it any more. */
  flush(): Promise<void>
  /** Why standard output could not take everything; `EPIPE` where its reader went away. */
  readonly failure: Error | undefined
}

type Stream = NodeJS.WriteStream

/** The streams of this process. */
export function createProcessOutput(stdout: Stream, stderr: Stream): Output {
  let failure: Error | undefined
  stdout.on('error', (error) => {
    failure ??= error
  })
  // There is nowhere left to say it.
  stderr.on('error', () => undefined)
  const flushStream = (stream: Stream) =>
    new Promise<void>((resolve) => {
      stream.write('', () => resolve())
    })
  return {
    write(data) {
      if (failure === undefined) stdout.write(data)
    },
    writeError(text) {
      stderr.write(text)
    },
    isTerminal: stdout.isTTY === true,
    isErrorTerminal: stderr.isTTY === true,
    async flush() {
      await Promise.all([flushStream(stdout), flushStream(stderr)])
    },
    get failure() {
      return failure
    },
  }
}
