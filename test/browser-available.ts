import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium as driver } from 'playwright-core'

/** Debian's, which is what the tests have been made with. */
const chromium = '/usr/bin/chromium'

export const examplesFolder = fileURLToPath(new URL('../../examples/', import.meta.url))

const needed = [
  { file: chromium, remedy: 'there is no /usr/bin/chromium: install the Debian package chromium' },
  {
    file: `${examplesFolder}node_modules/vite/bin/vite.js`,
    remedy: 'the examples are not installed: run `npm --prefix examples ci`',
  },
]

/** Why no example can be tried in a browser here; undefined where it can. */
export function whyNoBrowser(): string | undefined {
  return needed.find(({ file }) => !existsSync(file))?.remedy
}

/** As root, without a graphics card, and without Chromium's own errands on the network. */
const browserFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launchBrowser(): Promise<Browser> {
  return driver.launch({ executablePath: chromium, args: browserFlags })
}
