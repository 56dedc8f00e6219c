import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ProcessResult, runProcess } from './run-process.js'

const setupScript = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url))

type LockEntry = Readonly<Record<string, unknown>>

/** Installs what the lock file names, for this platform, and notes with what it was called. */
const npmStandIn = `
const fs = require('node:fs')
const { npm_config_dry_run, npm_config_omit, NODE_ENV } = process.env
const note = { args: process.argv.slice(2), npm_config_dry_run, npm_config_omit, NODE_ENV }
fs.appendFileSync('calls.log', 'npm ' + JSON.stringify(note) + '\\n')
if (fs.existsSync('npm-fails')) process.exit(7)
fs.rmSync('node_modules', { recursive: true, force: true })
const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'))
delete packages['']
for (const [location, entry] of Object.entries(packages)) {
  if (entry.os && !entry.os.includes(process.platform)) { delete packages[location]; continue }
  fs.mkdirSync(location, { recursive: true })
  fs.writeFileSync(location + '/package.json', '{}')
}
fs.mkdirSync('node_modules/typescript/bin', { recursive: true })
fs.copyFileSync('tools/tsc', 'node_modules/typescript/bin/tsc')
fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }))
`

/** Copies each source to its outputs, and skips what its notes say it has written before. */
const compilerStandIn = `
const fs = require('node:fs')
fs.appendFileSync('calls.log', 'tsc\\n')
if (fs.existsSync('tsc-fails')) { console.log('server/a.ts(1,1): error'); process.exit(2) }
fs.mkdirSync('dist/server', { recursive: true })
const written = fs.existsSync('dist/.tsbuildinfo')
  ? JSON.parse(fs.readFileSync('dist/.tsbuildinfo', 'utf8'))
  : {}
for (const file of fs.readdirSync('server')) {
  const source = fs.readFileSync('server/' + file, 'utf8')
  if (written[file] === source) continue
  written[file] = source
  for (const end of ['.js', '.js.map', '.d.ts', '.d.ts.map']) {
    fs.writeFileSync('dist/server/' + file.replace('.ts', end), source)
  }
}
fs.writeFileSync('dist/.tsbuildinfo', JSON.stringify(written))
`

/** A small checkout in a temporary directory, with stand-ins for npm and for the compiler. */
export class ScratchCheckout {
  readonly directory = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-setup-'))
  readonly packages: Record<string, LockEntry> = {
    'node_modules/typescript': { version: '7.0.0', integrity: 'sha512-t' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  }

  constructor() {
    this.write('scripts/setup.mjs', fs.readFileSync(setupScript, 'utf8'))
    this.write('tools/npm-cli.js', npmStandIn)
    this.write('tools/tsc', compilerStandIn)
    this.write('tsconfig.json', JSON.stringify({ include: ['server', 'absent'] }))
    this.write('package.json', JSON.stringify({ engines: { node: '>=20.19' } }))
    this.write('server/a.ts', 'a')
    this.write('server/b.test.ts', 'b')
    this.writeLock()
  }

  writeLock(): void {
    this.write('package-lock.json', JSON.stringify({ packages: { '': {}, ...this.packages } }))
  }

  write(file: string, text: string): void {
    const absolute = path.join(this.directory, file)
    fs.mkdirSync(path.dirname(absolute), { recursive: true })
    fs.writeFileSync(absolute, text)
  }

  read(file: string): string {
    return fs.readFileSync(path.join(this.directory, file), 'utf8')
  }

  remove(file: string): void {
    fs.rmSync(path.join(this.directory, file), { recursive: true })
  }

  exists(file: string): boolean {
    return fs.existsSync(path.join(this.directory, file))
  }

  /** Runs the setup as npm would. */
  setup(env: Readonly<Record<string, string>> = {}): Promise<ProcessResult> {
    return runProcess(process.execPath, ['scripts/setup.mjs'], {
      cwd: this.directory,
      env: {
        ...process.env,
        npm_execpath: path.join(this.directory, 'tools', 'npm-cli.js'),
        ...env,
      },
    })
  }

  /** Which stand-ins have run since the last call, in order: `npm`, `tsc`. */
  takeCalls(): readonly string[] {
    return this.takeNotes().map((line) => line.split(' ')[0] ?? '')
  }

  takeNotes(): readonly string[] {
    if (!this.exists('calls.log')) return []
    const lines = this.read('calls.log').trimEnd().split('\n')
    this.remove('calls.log')
    return lines
  }

  dispose(): void {
    fs.rmSync(this.directory, { recursive: true, force: true })
  }
}
