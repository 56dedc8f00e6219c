/** What runs in the report page: it draws the plots and lanes of the page's data with uPlot. */
export const pageScript = `
'use strict'
const { plots, lanes, marks } = JSON.parse(document.getElementById('data').textContent)
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

function namesAxis(names) {
  const longest = Math.max(0, ...names.map((name) => name.length))
  return {
    ...axis('', 'x', 2), label: undefined, rotate: 40, size: 20 + longest * 4.5,
    grid: { show: false }, splits: () => names.map((_name, index) => index + 1),
    values: () => names,
  }
}

function xAxis(x) {
  if (x.kind === 'nines') return ninesAxis(x.label)
  return x.kind === 'names' ? namesAxis(x.names) : { ...axis(x.label, 'x', 2), size: 36 }
}

function asSeries({ label, color: name, style: kind, isOnRight }) {
  const series = {
    label, scale: isOnRight ? 'right' : 'y', stroke: color(name), width: 2, spanGaps: false,
    points: { show: false }, value: (_plot, value) => shorten(value) || '-',
  }
  if (kind === 'area') series.fill = faint(name)
  if (kind === 'bars') {
    Object.assign(series, { fill: color(name), width: 0 })
    series.paths = uPlot.paths.bars({ size: [0.7, 22], align: 0 })
  }
  return series
}

function scaleOf(scale, values) {
  if (!scale.isLogarithmic) {
    return { range: (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1] }
  }
  const known = values.flat().filter((value) => value !== null && value > 0)
  if (known.length === 0) return { distr: 3, log: 10, range: () => [1, 10] }
  const low = 10 ** Math.floor(Math.log10(Math.min(...known)))
  const high = Math.max(low * 10, 10 ** Math.ceil(Math.log10(Math.max(...known))))
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

function xTitle({ kind, names }, value) {
  if (value === null || value === undefined) return '-'
  if (kind === 'names') return names[value - 1] ?? '-'
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
    names: (_plot, low, high) => [low - 0.6, high + 0.6],
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
      xAxis(plot.x),
      axis(plot.y.label, 'y', 3),
      ...(plot.right ? [axis(plot.right.label, 'right', 1)] : []),
    ],
    series: [
      { label: plot.x.label, value: (_plot, value) => xTitle(plot.x, value) },
      ...plot.series.map(asSeries),
    ],
  }
  drawn.push([new uPlot(options, [plot.xValues, ...valuesOf(plot.series)], chart), chart])
}

function drawSpans(plot) {
  const { ctx, bbox } = plot
  const row = bbox.height / lanes.length
  for (const [index, { spans }] of lanes.entries()) {
    const middle = plot.valToPos(lanes.length - index - 0.5, 'y', true)
    const grounded = [...spans].sort((a, b) => (b.isGround ?? false) - (a.isGround ?? false))
    for (const { fromMs, toMs, color: name, isGround } of grounded) {
      const height = row * (isGround ? 0.62 : 0.34)
      const x = plot.valToPos(fromMs / 1000, 'x', true)
      const least = isGround ? 1 : 3 * devicePixelRatio
      const width = Math.max(least, plot.valToPos(toMs / 1000, 'x', true) - x)
      ctx.fillStyle = isGround ? color(name) + '38' : color(name)
      ctx.beginPath()
      ctx.roundRect(x, middle - height / 2, width, height, Math.min(3 * devicePixelRatio, width / 2))
      ctx.fill()
    }
  }
}

function drawMarks(plot) {
  const { ctx, bbox } = plot
  ctx.font = 12 * devicePixelRatio + 'px system-ui, sans-serif'
  ctx.textAlign = 'left'
  ctx.textBaseline = 'bottom'
  ctx.lineWidth = 1.5 * devicePixelRatio
  let free = bbox.left + bbox.width
  for (const { atMs, label, color: name } of [...marks].sort((a, b) => b.atMs - a.atMs)) {
    const x = plot.valToPos(atMs / 1000, 'x', true)
    ctx.strokeStyle = ctx.fillStyle = color(name)
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top - 2 * devicePixelRatio)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const width = ctx.measureText(label).width
    const left = Math.max(bbox.left, Math.min(x - width / 2, free - width))
    ctx.fillText(label, left, bbox.top - 3 * devicePixelRatio)
    free = left - 8 * devicePixelRatio
  }
}

const pointAtIt = 'Point at a span, or touch it, to read what it is.'

function describeSpan(plot, end) {
  const { left, top } = plot.cursor
  if (left < 0) return pointAtIt
  const at = plot.posToVal(left, 'x') * 1000
  const lane = lanes[Math.floor(lanes.length - plot.posToVal(top, 'y'))]
  const slack = (end * 1000) / 200
  const hit = (lane?.spans ?? []).filter(
    ({ fromMs, toMs }) => at >= fromMs - slack && at <= toMs + slack,
  )
  const span = hit.find(({ isGround }) => !isGround) ?? hit[0]
  if (!span) return pointAtIt
  const [from, to] = [span.fromMs, span.toMs].map((ms) => (ms / 1000).toFixed(2) + ' s')
  return lane.name + ': ' + span.label + (from === to ? ' at ' + from : ', ' + from + ' to ' + to)
}

function drawLanes() {
  if (lanes.length === 0) return
  const note = 'Pale: running, or connected. Orange: trouble on the way. Red: a fault.'
  const chart = card(document.getElementById('lanes'), 'lanes', 'Faults and heals', note)
  const times = [...lanes.flatMap(({ spans }) => spans.map(({ toMs }) => toMs)),
    ...marks.map(({ atMs }) => atMs)]
  const end = Math.max(...times, 1) / 1000
  const rowOf = (index) => lanes.length - index - 0.5
  const draw = (plot) => {
    plot.ctx.save()
    drawSpans(plot)
    drawMarks(plot)
    plot.ctx.restore()
  }
  const tip = document.createElement('p')
  tip.textContent = pointAtIt
  const longest = Math.max(...lanes.map(({ name }) => name.length))
  const options = {
    width: chart.clientWidth, height: 78 + lanes.length * 28, legend: { show: false },
    padding: [22, 12, 0, 0], cursor: { y: false, drag: { x: true, y: false } },
    scales: { x: { time: false, range: (_plot, low, high) => [Math.max(0, low), Math.min(end, high)] },
      y: { range: () => [0, lanes.length] } },
    axes: [
      { ...axis('seconds of simulated time', 'x', 2), size: 36 },
      {
        ...axis('', 'y', 3), label: undefined, size: 20 + longest * 7, grid: { show: false },
        splits: () => lanes.map((_lane, index) => rowOf(index)).reverse(),
        values: () => lanes.map(({ name }) => name).reverse(),
      },
    ],
    series: [{}, { show: false }],
    hooks: {
      draw: [draw],
      setCursor: [(plot) => (tip.textContent = describeSpan(plot, end))],
    },
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
