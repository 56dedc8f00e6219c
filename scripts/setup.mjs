/**
 * Makes a checkout ready to run: installs what package-lock.json names where node_modules differs
 * from it, and compiles where a source changed. Runs before `npm start`, `npm test` and `npm pack`;
 * uses nothing but Node, says nothing when there is nothing to do, and does nothing outside a
 * checkout. Several at once wait for each other.
 */
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const lockFile = path.join(root, '.cache', 'setup.lock')
const stampFile = path.join(root, 'dist', '.build-stamp')
const buildInfoFile = path.join(root, 'dist', '.tsbuildinfo')
const outputEndings = ['.js', '.js.map', '.d.ts', '.d.ts.map']
const dependencyGroups = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
]
const heartbeatMs = 1000
const abandonedAfterMs = 15_000

/** What the person at the terminal can act on; printed without a stack trace. */
class SetupError extends Error {}

function say(line) {
  // Not stdout: `npm pack --json` and the like are read by programs.
  process.stderr.write(`setup: ${line}\n`)
}

function readJson(file) {
  const text = readIfExists(file)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new SetupError(`${path.relative(root, file)} is not JSON (${error.message}): restore it`)
  }
}

function readIfExists(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function checkNodeVersion(manifest) {
  const required = /(\d+)(?:\.(\d+))?/.exec(manifest.engines?.node || '0')
  const [major, minor] = process.versions.node.split('.').map(Number)
  const [needMajor, needMinor] = [Number(required[1]), Number(required[2] || 0)]
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return
  throw new SetupError(
    `Node ${needMajor}.${needMinor} or newer is needed, this is ${process.version}: ` +
      'install a newer one from https://nodejs.org and run the command again',
  )
}

/** Why node_modules is not what the lock file says; undefined where it is. */
function findInstallMismatch(lock) {
  const installed = readInstalled()
  if (typeof installed === 'string') return { reason: installed, isOptional: false }
  const present = installed.packages || {}
  let optional
  for (const [location, wanted] of Object.entries(lock.packages)) {
    if (location === '' || wanted.link) continue
    const found = present[location]
    const reason = describeMismatch(location, wanted, found)
    if (reason === undefined) continue
    if (found !== undefined || !wanted.optional) return { reason, isOptional: false }
    if (isForThisPlatform(wanted)) optional = { reason, isOptional: true }
  }
  const extra = Object.keys(present).find((location) => lock.packages[location] === undefined)
  if (extra !== undefined) return { reason: `${extra} is not in the lock file`, isOptional: false }
  return optional
}

/** What npm noted of what it installed, or why that cannot be known. */
function readInstalled() {
  const notes = readIfExists(path.join(root, 'node_modules', '.package-lock.json'))
  if (notes === undefined) return 'nothing is installed'
  try {
    return JSON.parse(notes)
  } catch {
    return 'an installation was broken off' // Or npm is at it, while the lock is held.
  }
}

function describeMismatch(location, wanted, found) {
  if (found === undefined) return `${location} is missing`
  if (found.version !== wanted.version) {
    return `${location} is ${found.version}, wanted ${wanted.version}`
  }
  if (found.integrity !== wanted.integrity) return `${location} has other contents than wanted`
  if (!fs.existsSync(path.join(root, location, 'package.json'))) return `${location} is missing`
  return undefined
}

/** Whether npm installs this optional package here. One that names no platform may be left out. */
function isForThisPlatform({ os: systems, cpu, libc }) {
  if (systems === undefined || cpu === undefined) return false
  if (!allows(systems, process.platform) || !allows(cpu, process.arch)) return false
  return libc === undefined || allows(libc, currentLibc())
}

function allows(list, value) {
  if (list.includes(`!${value}`)) return false
  return list.includes(value) || list.every((entry) => entry.startsWith('!'))
}

function currentLibc() {
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
}

function checkManifestAgainstLock(manifest, lock) {
  const locked = lock.packages[''] || {}
  for (const group of dependencyGroups) {
    const names = new Set([
      ...Object.keys(manifest[group] || {}),
      ...Object.keys(locked[group] || {}),
    ])
    for (const name of names) {
      if (manifest[group]?.[name] === locked[group]?.[name]) continue
      throw new SetupError(
        `package.json and package-lock.json disagree about ${name}: ` +
          'run `npm install` and commit both files',
      )
    }
  }
}

async function install(lock) {
  const mismatch = findInstallMismatch(lock)
  if (mismatch === undefined) return
  say(`installing from package-lock.json (${mismatch.reason})`)
  const flags = [
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  const status = await runNpm(['ci', ...flags])
  if (status !== 0) {
    throw new SetupError(
      `\`npm ci\` failed with exit code ${status}; what it said stands above. Once that is mended ` +
        '(is the npm registry reachable?), run the command again',
    )
  }
  const remaining = findInstallMismatch(lock)
  if (remaining !== undefined && !remaining.isOptional) {
    throw new SetupError(
      `\`npm ci\` ended well, yet ${remaining.reason}: delete node_modules and run the command again`,
    )
  }
}

function runNpm(args) {
  const env = { ...process.env }
  // An outer `npm pack --dry-run`, `npm --prefix x start` or `npm --json` must not bend this one.
  for (const name of Object.keys(env)) {
    if (/^npm_config_(dry_run|prefix|global|location|omit|only|production|json)$/i.test(name)) {
      delete env[name]
    }
  }
  delete env.NODE_ENV
  const outer = env.npm_execpath
  if (outer !== undefined && path.basename(outer) === 'npm-cli.js') {
    return run(process.execPath, [outer, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  const isWindows = process.platform === 'win32'
  return run('npm', args, { env, stdio: ['ignore', 'ignore', 'inherit'], shell: isWindows })
}

/** Runs a command to its end and resolves with its exit code; a signal to this process ends it. */
function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, ...options })
    const signals = ['SIGINT', 'SIGTERM']
    let received
    const forward = (signal) => {
      received = signal
      child.kill(signal)
    }
    for (const signal of signals) process.on(signal, forward)
    child.on('error', (error) =>
      reject(new SetupError(`cannot run ${command}: ${error.message}. Is it installed?`)),
    )
    child.on('close', (code) => {
      for (const signal of signals) process.off(signal, forward)
      if (received !== undefined) reject(new SetupError(`stopped by ${received}`))
      else resolve(code === null ? 1 : code)
    })
  })
}

/** Every source of the build, relative to the root, with forward slashes, sorted. */
function listSources(folders) {
  return folders
    .flatMap((folder) => listFiles(folder))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .sort()
}

function listFiles(folder) {
  const absolute = path.join(root, folder)
  if (!fs.existsSync(absolute)) return []
  return fs.readdirSync(absolute, { withFileTypes: true }).flatMap((entry) => {
    const relative = `${folder}/${entry.name}`
    return entry.isDirectory() ? listFiles(relative) : [relative]
  })
}

/** Contents, not times: a checkout that changes nothing but times needs no build. */
function computeFingerprint(sources) {
  const hash = createHash('sha256')
  for (const file of [...sources, 'tsconfig.json', 'package-lock.json']) {
    const content = fs.readFileSync(path.join(root, file))
    hash.update(`${file}\0${content.byteLength}\0`).update(content)
  }
  return hash.digest('hex')
}

function outputOf(source, ending = '.js') {
  return path.join(root, 'dist', source.replace(/\.ts$/, ending))
}

function isBuilt(sources, fingerprint) {
  if (readIfExists(stampFile) !== fingerprint) return false
  return sources.every((source) => fs.existsSync(outputOf(source)))
}

async function build(sources, fingerprint) {
  const isRebuild = fs.existsSync(path.join(root, 'dist'))
  say(isRebuild ? 'building what changed' : `building ${sources.length} files`)
  fs.rmSync(stampFile, { force: true })
  removeStaleOutputs(sources)
  // The compiler trusts its own notes on what it wrote, so they go where an output is gone.
  const isOutputMissing = sources.some((source) => !fs.existsSync(outputOf(source)))
  if (isOutputMissing) fs.rmSync(buildInfoFile, { force: true })
  const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const status = await run(process.execPath, [compiler, '-p', '.'], {
    // The compiler's findings are the error message, so they go where errors go.
    stdio: ['ignore', 2, 'inherit'],
  })
  if (status !== 0) {
    throw new SetupError(
      'the build failed; the compiler names the places above. Mend them and retry',
    )
  }
  const command = outputOf('cli/main.ts')
  if (fs.existsSync(command)) fs.chmodSync(command, 0o755)
  fs.writeFileSync(stampFile, fingerprint)
}

/** Removes what earlier builds left of sources that are gone: a stale test would still run. */
function removeStaleOutputs(sources) {
  const wanted = new Set(sources.flatMap((file) => outputEndings.map((end) => outputOf(file, end))))
  const outputFolder = path.join(root, 'dist')
  const sweep = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) sweep(file)
      else if (outputEndings.some((end) => file.endsWith(end)) && !wanted.has(file)) fs.rmSync(file)
    }
    if (folder !== outputFolder && fs.readdirSync(folder).length === 0) fs.rmdirSync(folder)
  }
  if (fs.existsSync(outputFolder)) sweep(outputFolder)
}

/**
 * Holds the lock file while `action` runs. The holder touches the file every second, so one that
 * was left by a process that is gone is known by its process id on the same machine, and elsewhere
 * by not having been touched while somebody watched it for a while.
 */
async function withLock(action) {
  const body = JSON.stringify({ pid: process.pid, host: os.hostname(), id: randomUUID() })
  fs.mkdirSync(path.dirname(lockFile), { recursive: true })
  await acquireLock(body)
  const heartbeat = setInterval(() => {
    const now = new Date()
    if (readIfExists(lockFile) === body) fs.utimesSync(lockFile, now, now)
  }, heartbeatMs)
  try {
    return await action()
  } finally {
    clearInterval(heartbeat)
    if (readIfExists(lockFile) === body) fs.rmSync(lockFile, { force: true })
  }
}

async function acquireLock(body) {
  let watched = { sight: undefined, since: 0 }
  let isAnnounced = false
  for (;;) {
    try {
      fs.writeFileSync(lockFile, body, { flag: 'wx' })
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const held = readIfExists(lockFile)
    if (held === undefined) continue
    const { mtimeMs = 0 } = fs.statSync(lockFile, { throwIfNoEntry: false }) || {}
    const sight = `${mtimeMs} ${held}`
    if (watched.sight !== sight) watched = { sight, since: performance.now() }
    if (isHolderGone(held) || performance.now() - watched.since > abandonedAfterMs) {
      takeAwayLock(held)
      continue
    }
    if (!isAnnounced) say('waiting for another setup of this checkout to finish')
    isAnnounced = true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function isHolderGone(held) {
  let holder
  try {
    holder = JSON.parse(held)
  } catch {
    return false // Just being written, or left half written: then its age tells.
  }
  if (holder.host !== os.hostname()) return false
  try {
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** Only one at a time, or the second would take away the lock that the first has just made. */
function takeAwayLock(held) {
  const guard = `${lockFile}.taking`
  try {
    fs.mkdirSync(guard)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    const { mtimeMs } = fs.statSync(guard, { throwIfNoEntry: false }) || { mtimeMs: Date.now() }
    if (Date.now() - mtimeMs > abandonedAfterMs) fs.rmSync(guard, { recursive: true, force: true })
    return
  }
  if (readIfExists(lockFile) === held) fs.rmSync(lockFile, { force: true })
  fs.rmSync(guard, { recursive: true, force: true })
}

async function main() {
  const manifest = readJson(path.join(root, 'package.json'))
  const config = readJson(path.join(root, 'tsconfig.json'))
  if (manifest === undefined || config === undefined) return
  checkNodeVersion(manifest)
  const lock = readJson(path.join(root, 'package-lock.json'))
  if (lock === undefined) throw new SetupError('package-lock.json is missing: restore it from git')
  checkManifestAgainstLock(manifest, lock)
  const isReady = () => {
    const sources = listSources(config.include)
    return findInstallMismatch(lock) === undefined && isBuilt(sources, computeFingerprint(sources))
  }
  if (isReady()) return
  await withLock(async () => {
    await install(lock)
    const sources = listSources(config.include)
    const fingerprint = computeFingerprint(sources)
    if (!isBuilt(sources, fingerprint)) await build(sources, fingerprint)
  })
}

main().catch((error) => {
  say(error instanceof SetupError ? error.message : error.stack)
  process.exitCode = 1
})
