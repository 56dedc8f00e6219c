/**
 * What an application's bundle grows by: the client minified and gzipped, with and without the
 * fallback, and with the packages that an application of Yjs has anyway.
 */

import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Rollup } from 'vite'

const client = fileURLToPath(new URL('../client/index.js', import.meta.url))
const shared = [/^yjs$/, /^lib0\//, /^y-protocols\//]
/** An application installs it where it wants `persist`. */
const optional = [/^y-indexeddb$/]

interface Size {
  readonly minified: number
  readonly gzipped: number
}

/** The chunks that an application gets, the first of them at once. */
async function bundle(external: readonly RegExp[]): Promise<readonly Rollup.OutputChunk[]> {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      // Not as a library: of those Vite keeps the white space.
      rollupOptions: { input: client, external: [...external], preserveEntrySignatures: 'strict' },
    },
  })
  const outputs = Array.isArray(result) ? result : [result]
  return outputs.flatMap((output) =>
    'output' in output ? output.output.filter((part) => part.type === 'chunk') : [],
  )
}

function sizeOf(chunks: readonly Rollup.OutputChunk[]): Size {
  const sizes = chunks.map(({ code }) => ({
    minified: Buffer.byteLength(code),
    gzipped: gzipSync(code).byteLength,
  }))
  return {
    minified: sizes.reduce((sum, { minified }) => sum + minified, 0),
    gzipped: sizes.reduce((sum, { gzipped }) => sum + gzipped, 0),
  }
}

function line(name: string, { minified, gzipped }: Size): string {
  return `${name.padEnd(44)} ${`${minified}`.padStart(8)} ${`${gzipped}`.padStart(8)}\n`
}

/** Chunks that are loaded only where no WebSocket comes through. */
function isFallback({ isEntry, isDynamicEntry }: Rollup.OutputChunk): boolean {
  return isDynamicEntry && !isEntry
}

const alone = await bundle([...shared, ...optional])
const whole = await bundle(optional)
process.stdout.write(
  [
    `${''.padEnd(44)} minified  gzipped\n`,
    line('the provider', sizeOf(alone.filter((chunk) => !isFallback(chunk)))),
    line('and its fallback, loaded when needed', sizeOf(alone)),
    line(
      'the provider, yjs, lib0 and y-protocols',
      sizeOf(whole.filter((chunk) => !isFallback(chunk))),
    ),
    line('and its fallback', sizeOf(whole)),
  ].join(''),
)
