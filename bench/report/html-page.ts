import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pageScript } from './page-script.js'
import { pageStyle } from './page-style.js'
import type { Figure, ReportPage } from './report-page.js'

const require = createRequire(import.meta.url)

/** The page as one HTML file that needs nothing else: uPlot and the figures are in it. */
export async function htmlPage(page: ReportPage): Promise<string> {
  const library = path.dirname(require.resolve('uplot'))
  const [script, style] = await Promise.all([
    readFile(path.join(library, 'uPlot.iife.min.js'), 'utf8'),
    readFile(path.join(library, 'uPlot.min.css'), 'utf8'),
  ])
  const { title, subtitle, verdict, problems, figures, plots, lanes, marks, log, details } = page
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${style}${pageStyle}</style>
</head>
<body>
<header>
  <div>
    <h1>${escapeText(title)}</h1>
    <p>${escapeText(subtitle)}</p>
  </div>
  <strong class="${verdict.isGood ? 'good' : 'bad'}">${escapeText(verdict.text)}</strong>
</header>
${problems.length === 0 ? '' : list(problems)}
<section class="figures">${figures.map(figureCard).join('')}</section>
<section id="lanes"></section>
<section id="plots"></section>
${log.length === 0 ? '' : trace(log)}
<section class="details"><h2>What was run, and where</h2><dl>${details
    .map(([name, value]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd>`)
    .join('')}</dl></section>
<footer>Written by <code>cairn bench</code>.</footer>
<script type="application/json" id="data">${asScriptContent({ plots, lanes, marks })}</script>
<script>${script}</script>
<script>${pageScript}</script>
</body>
</html>
`
}

function figureCard({ label, value, note }: Figure): string {
  const parts = [
    `<span>${escapeText(label)}</span>`,
    `<b>${escapeText(value)}</b>`,
    `<small>${escapeText(note)}</small>`,
  ]
  return `<div>${parts.join('')}</div>`
}

function list(problems: readonly string[]): string {
  const items = problems.map((problem) => `<li>${escapeText(problem)}</li>`).join('')
  return `<section class="problems"><h2>What is wrong</h2><ul>${items}</ul></section>`
}

function trace(log: ReportPage['log']): string {
  const rows = log.map(
    ([time, what]) => `<tr><td>${escapeText(time)}</td><td>${escapeText(what)}</td></tr>`,
  )
  const table = `<table>${rows.join('')}</table>`
  return `<section class="log"><h2>The last that happened</h2><div>${table}</div></section>`
}

/** JSON in which nothing can end the element that it stands in. */
function asScriptContent(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
