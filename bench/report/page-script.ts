/** What runs in the report page: it draws the plots and lanes of the page's data with uPlot. */
export const pageScript = `
'use strict'
const { plots, lanes } = JSON.parse(document.getElementById('data').textContent)
const style = getComputedStyle(document.documentElement)
const color = (name) => style.getPropertyValue('--' + name).trim()
const faint = (name) => color(name) + '2b'
const font = '12px system-ui, sans-serif'
const drawn = []

function shorten(value) {
  if (value === null || value === undefined) return ''
  const size = Math.abs(value)
  if (size >= 1e6) return +(value / 1e6).toFixed(1) + 'M'
  if (size >= 1e4) return +(value / 1e3).toFixed(1) + 'k'
  return String(+value.toPrecision(size >= 1000 ? 4 : 3))
}

/** On a logarithmic scale, the powers of ten alone. */
function wholePowers(plot, ticks, index) {
  const { scale } = plot.axes[index]
  if (plot.scales[scale].distr !== 3) return ticks
  return ticks.map((at) => (Number.isInteger(+Math.log10(at).toFixed(9)) ? at : null))
}

function axis(label, scale, side) {
  return {
    scale, side, label, stroke: color('soft'), font, labelFont: font, labelSize: 20, size: 56,
    grid: { stroke: color('line'), width: 1, show: scale !== 'right', filter: wholePowers },
    filter: wholePowers,
    ticks: { show: false },
    values: (_plot, ticks) => ticks.map(shorten),
  }
}

function ninesAxis(label) {
  const places = [0.30103, 1, 2, 3, 4, 5]
  const names = ['50', '90', '99', '99.9', '99.99', '99.999']
  return {
    ...axis(label, 'x', 2), size: 36,
    splits: (_plot, _axis, from, to) => places.filter((at) => at >= from && at <= to + 0.01),
    values: (_plot, ticks) => ticks.map((at) => names[places.indexOf(at)] + ' %'),
  }
}

function asSeries({ label, color: name, style: kind, isOnRight }) {
  const series = {
    label, scale: isOnRight ? 'right' : 'y', stroke: color(name), width: 2, spanGaps: false,
    points: { show: false }, value: (_plot, value) => shorten(value) || '-',
  }
  if (kind === 'area') series.fill = faint(name)
  if (kind === 'bars') {
    Object.assign(series, { fill: color(name), width: 0 })
    series.paths = uPlot.paths.bars({ size: [0.8, 14], align: 0 })
  }
  return series
}

function scaleOf(scale, values) {
  if (!scale.isLogarithmic) {
    return { range: (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1] }
  }
  const known = values.flat().filter((value) => value !== null && value > 0)
  const low = 10 ** Math.floor(Math.log10(Math.min(...known, 1)))
  const high = 10 ** Math.ceil(Math.log10(Math.max(...known, 10)))
  return { distr: 3, log: 10, range: () => [low, high] }
}

function card(parent, className, title, note) {
  const element = document.createElement('div')
  element.className = className
  const heading = document.createElement('h2')
  heading.textContent = title
  const text = document.createElement('p')
  text.textContent = note
  const chart = document.createElement('div')
  chart.className = 'chart'
  element.append(heading, text, chart)
  parent.append(element)
  return chart
}

function xTitle(kind, value) {
  if (value === null || value === undefined) return '-'
  if (kind === 'nines') return +(100 * (1 - 10 ** -value)).toFixed(3) + ' %'
  return kind === 'seconds' ? value.toFixed(1) + ' s' : String(value)
}

function drawPlot(plot) {
  const chart = card(document.getElementById('plots'), 'plot', plot.title, plot.note)
  const on = (isOnRight) => plot.series.filter((one) => (one.isOnRight ?? false) === isOnRight)
  const valuesOf = (series) => series.map(({ values }) => values)
  const xRanges = {
    seconds: (_plot, _low, high) => [0, high],
    nines: (_plot, _low, high) => [0, high],
    number: (_plot, low, high) => [low - 0.6, high + 0.6],
  }
  const scales = {
    x: { time: false, range: xRanges[plot.x.kind] },
    y: scaleOf(plot.y, valuesOf(on(false))),
  }
  if (plot.right) scales.right = scaleOf(plot.right, valuesOf(on(true)))
  const options = {
    width: chart.clientWidth, height: 250, scales, padding: [10, plot.right ? 0 : 26, 0, 0],
    cursor: { points: { size: 7 }, drag: { x: true, y: false } },
    axes: [
      plot.x.kind === 'nines' ? ninesAxis(plot.x.label) : { ...axis(plot.x.label, 'x', 2), size: 36 },
      axis(plot.y.label, 'y', 3),
      ...(plot.right ? [axis(plot.right.label, 'right', 1)] : []),
    ],
    series: [
      { label: plot.x.label, value: (_plot, value) => xTitle(plot.x.kind, value) },
      ...plot.series.map(asSeries),
    ],
  }
  drawn.push([new uPlot(options, [plot.xValues, ...valuesOf(plot.series)], chart), chart])
}

function drawLanes() {
  if (lanes.length === 0) return
  const note = 'What was wrong, with what, and when. Everything has to be right again at the end.'
  const chart = card(document.getElementById('lanes'), 'lanes', 'Faults and heals', note)
  const end = Math.max(...lanes.flatMap(({ spans }) => spans.map(({ toMs }) => toMs)), 1) / 1000
  const rowOf = (index) => lanes.length - index - 0.5
  const draw = (plot) => {
    const { ctx } = plot
    ctx.save()
    ctx.beginPath()
    ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height)
    ctx.clip()
    const height = (plot.bbox.height / lanes.length) * 0.56
    for (const [index, { spans }] of lanes.entries()) {
      const y = plot.valToPos(rowOf(index), 'y', true) - height / 2
      for (const { fromMs, toMs, color: name } of spans) {
        const x = plot.valToPos(fromMs / 1000, 'x', true)
        const width = Math.max(3, plot.valToPos(toMs / 1000, 'x', true) - x)
        ctx.fillStyle = color(name)
        ctx.fillRect(x, y, width, height)
      }
    }
    ctx.restore()
  }
  const tip = document.createElement('p')
  tip.textContent = 'Point at a span to read what it is.'
  const tell = (plot) => {
    const { left, top } = plot.cursor
    if (left < 0) return
    const at = plot.posToVal(left, 'x') * 1000
    const lane = lanes[Math.floor(lanes.length - plot.posToVal(top, 'y'))]
    const slack = (end * 1000) / 200
    const span = lane?.spans.find(({ fromMs, toMs }) => at >= fromMs - slack && at <= toMs + slack)
    tip.textContent = span
      ? lane.name + ': ' + span.label + ', ' + (span.fromMs / 1000).toFixed(2) + ' s to ' +
        (span.toMs / 1000).toFixed(2) + ' s'
      : 'Point at a span to read what it is.'
  }
  const options = {
    width: chart.clientWidth, height: 60 + lanes.length * 26, legend: { show: false },
    scales: { x: { time: false, range: () => [0, end] }, y: { range: () => [0, lanes.length] } },
    axes: [
      { ...axis('seconds of simulated time', 'x', 2), size: 36 },
      {
        ...axis('', 'y', 3), label: undefined, size: 130,
        splits: () => lanes.map((_lane, index) => rowOf(index)).reverse(),
        values: () => lanes.map(({ name }) => name).reverse(),
      },
    ],
    series: [{}, { show: false }],
    hooks: { draw: [draw], setCursor: [tell] },
  }
  drawn.push([new uPlot(options, [[0, end], [null, null]], chart), chart])
  chart.after(tip)
}

drawLanes()
plots.forEach(drawPlot)
addEventListener('resize', () => {
  for (const [plot, chart] of drawn) plot.setSize({ width: chart.clientWidth, height: plot.height })
})
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => location.reload())
`
