import { expect, test } from 'vitest'
import { htmlPage } from './html-page.js'
import type { ReportPage } from './report-page.js'

const page: ReportPage = {
  title: 'A <title> & more',
  subtitle: 'somewhere',
  verdict: { isGood: false, text: 'Did not converge' },
  problems: ['a client lacks </script><script>alert(1)</script>'],
  figures: [{ label: 'rate', value: '12', note: 'of 12' }],
  plots: [
    {
      title: 'A </script> plot',
      note: 'how to read it',
      x: { label: 'seconds', kind: 'seconds' },
      y: { label: 'ms' },
      xValues: [1, 2],
      series: [{ label: 'p50', color: 'blue', style: 'line', values: [1, null] }],
    },
  ],
  lanes: [{ name: 'disk', spans: [{ fromMs: 1, toMs: 2, label: 'full', color: 'red' }] }],
  marks: [{ atMs: 2, label: 'heal', color: 'orange' }],
  log: [['1.5 s', 'a <b>server</b> died']],
  details: [['Seed', '7']],
}

test('the page needs no other file and no network', async () => {
  const html = await htmlPage(page)
  expect(html).toContain('uPlot')
  expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)=/)
  expect(html).not.toMatch(/@import|url\(/)
})

test('nothing that was measured can become a part of the page', async () => {
  const html = await htmlPage(page)
  expect(html).toContain('<title>A &lt;title&gt; &amp; more</title>')
  expect(html).not.toContain('<script>alert')
  expect(html).toContain('<td>a &lt;b&gt;server&lt;/b&gt; died</td>')
  expect(html.match(/<script/g)).toHaveLength(3)
  expect(html.match(/<\/script>/g)).toHaveLength(3)
})

test('the data in the page is what was given', async () => {
  const html = await htmlPage(page)
  const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? ''
  expect(JSON.parse(json)).toEqual({
    plots: page.plots,
    lanes: page.lanes,
    marks: page.marks,
  })
})
