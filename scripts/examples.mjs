/**
 * `npm run examples`: a server and the examples that talk to it, until Ctrl-C. Installs the packages
 * of the examples where they are missing.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const folder = path.join(root, 'examples')

const usage = `Usage: npm run examples -- [options]

  --port <number>     port of the pages (5173)
  --sync <number>     port of the server (1234)
  --data <directory>  where documents are kept (examples/data)
`

const values = readOptions()

function readOptions() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: '5173' },
        sync: { type: 'string', default: '1234' },
        data: { type: 'string', default: path.join(folder, 'data') },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    process.stderr.write(`examples: ${error.message}\n\n${usage}`)
    return process.exit(2)
  }
}

/** The programs that run, to be ended together. */
const children = new Set()

function start(args, options) {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

function ended(child) {
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}

function say(line) {
  process.stdout.write(`examples: ${line}\n`)
}

/** Whether what is installed is what the lock file names. */
function isInstalled() {
  const [wanted, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map(readLock)
  if (installed === undefined) return false
  return Object.entries(wanted).every(
    ([place, { version, optional }]) =>
      !place.startsWith('node_modules/') || optional || installed[place]?.version === version,
  )
}

function readLock(file) {
  const absolute = path.join(folder, file)
  if (!fs.existsSync(absolute)) return undefined
  return JSON.parse(fs.readFileSync(absolute, 'utf8')).packages
}

async function install() {
  if (isInstalled()) return
  say('installing their packages')
  const isWindows = process.platform === 'win32'
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: isWindows,
  })
  const code = await ended(npm)
  if (code === 0) return
  say(`\`npm ci\` in examples/ failed with exit code ${code}; what it said stands above`)
  process.exit(code)
}

/**
 * Serves documents. The Enter key kills the server and starts it again: the pages show what comes of
 * it. Resolves with the exit code of a server that ended by itself.
 */
function keepServing() {
  const command = path.join(root, 'dist', 'cli', 'main.js')
  const args = [command, 'serve', '--port', values.sync, '--data', values.data]
  return new Promise((resolve) => {
    let server = start(args)
    server.once('exit', resolve)
    if (!process.stdin.isTTY) return
    say('press Enter to kill the server, and again to start it')
    createInterface({ input: process.stdin }).on('line', () => {
      if (children.has(server)) {
        server.off('exit', resolve)
        server.kill('SIGKILL')
        say('the server is gone; go on writing, and press Enter to start it again')
      } else {
        server = start(args)
        server.once('exit', resolve)
      }
    })
  })
}

async function main() {
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  await install()
  const vite = path.join(folder, 'node_modules', 'vite', 'bin', 'vite.js')
  const serving = keepServing()
  const pages = start([vite, '--port', values.port, '--strictPort', '--clearScreen', 'false'], {
    cwd: folder,
    env: { ...process.env, CAIRN_PORT: values.sync },
  })
  // Ctrl-C reaches all of them by itself; a signal to this one alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      for (const child of children) child.kill(signal)
    })
  }
  const code = await Promise.race([serving, ended(pages)])
  for (const child of children) child.kill('SIGTERM')
  process.stdin.destroy()
  process.exitCode = code ?? 1
}

await main()
