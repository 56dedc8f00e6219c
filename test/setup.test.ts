import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runProcess } from './run-process.js'
import { ScratchCheckout } from './scratch-checkout.js'

let checkout: ScratchCheckout

beforeEach(() => {
  checkout = new ScratchCheckout()
})

afterEach(() => {
  checkout.dispose()
})

/** Brings the checkout to the state in which there is nothing to do. */
async function setUp(): Promise<void> {
  expect(await checkout.setup()).toMatchObject({ code: 0 })
  checkout.takeNotes()
}

const quiet = { code: 0, stdout: '', stderr: '' }

describe('setup', () => {
  test('installs and builds a fresh checkout, then has nothing to do and to say', async () => {
    const first = await checkout.setup()
    expect(first.code).toBe(0)
    expect(first.stdout).toBe('')
    expect(first.stderr.trimEnd().split('\n')).toEqual([
      'setup: installing from package-lock.json (nothing is installed)',
      'setup: building 2 files',
    ])
    expect(checkout.takeCalls()).toEqual(['npm', 'tsc'])
    expect(await checkout.setup()).toEqual(quiet)
    expect(checkout.takeCalls()).toEqual([])
    expect(checkout.exists('.cache/setup.lock')).toBe(false)
  })

  test('does nothing where there are no sources, as in an installed package', async () => {
    checkout.remove('tsconfig.json')
    expect(await checkout.setup()).toEqual(quiet)
    expect(checkout.takeCalls()).toEqual([])
  })

  test('says which Node it needs before anything else', async () => {
    checkout.write('package.json', JSON.stringify({ engines: { node: '>=99.1' } }))
    const { code, stderr } = await checkout.setup()
    expect(code).toBe(1)
    expect(stderr).toContain(`Node 99.1 or newer is needed, this is ${process.version}`)
    expect(checkout.takeCalls()).toEqual([])
  })

  test('clears away what would bend the inner npm, and asks for development packages', async () => {
    await checkout.setup({
      NODE_ENV: 'production',
      npm_config_omit: 'dev',
      npm_config_dry_run: 'true',
    })
    const [call = ''] = checkout.takeNotes()
    expect(JSON.parse(call.slice('npm '.length))).toEqual({
      args: [
        'ci',
        '--include=dev',
        '--include=optional',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
      ],
    })
  })
})

describe('setup installs again', () => {
  beforeEach(setUp)

  test.each([
    ['another version', { version: '1.0.1', integrity: 'sha512-a' }, 'is 1.0.0, wanted 1.0.1'],
    ['other contents', { version: '1.0.0', integrity: 'sha512-x' }, 'has other contents'],
  ])('where the lock file names %s', async (_title, entry, reason) => {
    checkout.packages['node_modules/a'] = entry
    checkout.writeLock()
    const { code, stderr } = await checkout.setup()
    expect(code).toBe(0)
    expect(stderr).toContain(`node_modules/a ${reason}`)
    expect(checkout.takeCalls()).toEqual(['npm', 'tsc'])
  })

  test('where a package is gone from the disk', async () => {
    checkout.remove('node_modules/a')
    expect((await checkout.setup()).stderr).toContain('node_modules/a is missing')
    expect(checkout.takeCalls()).toEqual(['npm'])
  })

  test('where a package is installed that the lock file does not name', async () => {
    checkout.packages['node_modules/b'] = { version: '1.0.0', integrity: 'sha512-b' }
    checkout.writeLock()
    await checkout.setup()
    delete checkout.packages['node_modules/b']
    checkout.writeLock()
    expect((await checkout.setup()).stderr).toContain('node_modules/b is not in the lock file')
  })

  test('where an optional package for this platform is missing, not for another one', async () => {
    checkout.packages['node_modules/other'] = {
      version: '1.0.0',
      integrity: 'sha512-o',
      optional: true,
      os: ['another-system'],
      cpu: [process.arch],
    }
    checkout.writeLock()
    await checkout.setup()
    expect(checkout.takeCalls()).toEqual(['tsc'])
    expect(await checkout.setup()).toEqual(quiet)
    checkout.packages['node_modules/other'] = {
      ...checkout.packages['node_modules/other'],
      os: [process.platform],
    }
    checkout.writeLock()
    await checkout.setup()
    expect(checkout.takeCalls()).toEqual(['npm', 'tsc'])
    expect(await checkout.setup()).toEqual(quiet)
  })
})

describe('setup stops with what to do', () => {
  test('where npm fails, and builds nothing', async () => {
    checkout.write('npm-fails', '')
    const { code, stderr } = await checkout.setup()
    expect(code).toBe(1)
    expect(stderr).toContain('`npm ci` failed with exit code 7')
    expect(checkout.takeCalls()).toEqual(['npm'])
    expect(checkout.exists('.cache/setup.lock')).toBe(false)
  })

  test('where package.json and the lock file disagree', async () => {
    checkout.write(
      'package.json',
      JSON.stringify({ engines: { node: '>=20' }, dependencies: { c: '1.0.0' } }),
    )
    const { code, stderr } = await checkout.setup()
    expect(code).toBe(1)
    expect(stderr).toContain('disagree about c: run `npm install`')
  })

  test('where the build fails, and builds again the next time', async () => {
    checkout.write('tsc-fails', '')
    const { code, stdout, stderr } = await checkout.setup()
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('server/a.ts(1,1): error\nsetup: the build failed')
    checkout.remove('tsc-fails')
    checkout.takeNotes()
    expect((await checkout.setup()).code).toBe(0)
    expect(checkout.takeCalls()).toEqual(['tsc'])
  })
})

describe('setup builds again', () => {
  beforeEach(setUp)

  test('where a source changed or was added, not where only its time did', async () => {
    const sourceFile = path.join(checkout.directory, 'server/a.ts')
    fs.utimesSync(sourceFile, 1_000_000, 1_000_000)
    expect(await checkout.setup()).toEqual(quiet)
    checkout.write('server/a.ts', 'c')
    expect((await checkout.setup()).stderr).toBe('setup: building what changed\n')
    expect(checkout.read('dist/server/a.js')).toBe('c')
    checkout.write('server/d.ts', 'd')
    await checkout.setup()
    expect(checkout.takeCalls()).toEqual(['tsc', 'tsc'])
    expect(await checkout.setup()).toEqual(quiet)
  })

  test('without leaving a stale test of a source that is gone', async () => {
    checkout.remove('server/b.test.ts')
    await checkout.setup()
    expect(fs.readdirSync(path.join(checkout.directory, 'dist/server')).sort()).toEqual([
      'a.d.ts',
      'a.d.ts.map',
      'a.js',
      'a.js.map',
    ])
  })

  test('where an output is gone, although the compiler remembers having written it', async () => {
    checkout.remove('dist/server/a.js')
    await checkout.setup()
    expect(checkout.read('dist/server/a.js')).toBe('a')
  })

  test('where the configuration of the compiler changed', async () => {
    checkout.write('tsconfig.json', JSON.stringify({ include: ['server'] }))
    await checkout.setup()
    expect(checkout.takeCalls()).toEqual(['tsc'])
  })
})

test('setup installs again what was broken off while npm noted it', async () => {
  await setUp()
  checkout.write('node_modules/.package-lock.json', '{"packages": {"node_mo')
  const { code, stderr } = await checkout.setup()
  expect(code).toBe(0)
  expect(stderr).toContain('(an installation was broken off)')
  expect(checkout.takeCalls()).toEqual(['npm'])
})

describe('several setups at once', () => {
  test('do the work once, and all succeed', async () => {
    const results = await Promise.all([checkout.setup(), checkout.setup(), checkout.setup()])
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(checkout.takeCalls()).toEqual(['npm', 'tsc'])
    expect(fs.readdirSync(path.join(checkout.directory, '.cache'))).toEqual([])
  })

  test('take over at once from one that was killed', async () => {
    const gone = await runProcess(process.execPath, ['-e', 'console.log(process.pid)'])
    const holder = { pid: Number(gone.stdout), host: os.hostname(), id: 'gone' }
    checkout.write('.cache/setup.lock', JSON.stringify(holder))
    const results = await Promise.all([checkout.setup(), checkout.setup(), checkout.setup()])
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(checkout.takeCalls()).toEqual(['npm', 'tsc'])
    expect(fs.readdirSync(path.join(checkout.directory, '.cache'))).toEqual([])
  })
})
