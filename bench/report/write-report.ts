import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { LoadReport } from '../load/load-report.js'
import type { CampaignReport } from '../simulator/campaign.js'
import { type CrowdReport, crowdPage } from './crowd-page.js'
import { htmlPage } from './html-page.js'
import { loadPage } from './load-page.js'
import type { ReportPage } from './report-page.js'
import { simulationPage } from './simulation-page.js'

/** Where a report was written. */
export interface WrittenReport {
  readonly json: string
  readonly html: string
}

/**
 * Writes `load.json` with everything and `load.html`, one file with plots, into a directory that is
 * made if it is missing.
 * @throws Error of the file system
 */
export function writeLoadReport(directory: string, report: LoadReport): Promise<WrittenReport> {
  return writeReport(directory, 'load', report, loadPage(report))
}

/**
 * Writes `simulate.json` with every run and `simulate.html`, one file with plots, into a directory
 * that is made if it is missing.
 * @throws Error of the file system
 */
export function writeSimulationReport(
  directory: string,
  report: CampaignReport,
): Promise<WrittenReport> {
  return writeReport(directory, 'simulate', report, simulationPage(report))
}

/** Writes `crowd.json` and `crowd.html` likewise. */
export function writeCrowdReport(directory: string, report: CrowdReport): Promise<WrittenReport> {
  return writeReport(directory, 'crowd', report, crowdPage(report))
}

async function writeReport(
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
