import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Debian's, which is what the tests have been made with. */
export const chromium = '/usr/bin/chromium'

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
