import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { htmlPage } from './html-page.js'
import type { ReportPage } from './report-page.js'

/** Where a report was written. */
export interface WrittenReport {
  readonly json: string
  readonly html: string
}

/**
 * Writes `NAME.json` with everything and `NAME.html`, one file with plots, into a directory that is
 * made if it is missing.
 */
export async function writeReport(
  directory: string,
  name: string,
  report: object,
  page: ReportPage,
): Promise<WrittenReport> {
  await mkdir(directory, { recursive: true })
  const json = path.join(directory, `${name}.json`)
  const html = path.join(directory, `${name}.html`)
  await writeFile(json, `${JSON.stringify(report, undefined, 2)}\n`)
  await writeFile(html, await htmlPage(page))
  return { json, html }
}
