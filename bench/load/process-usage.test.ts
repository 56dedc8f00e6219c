import { expect, test } from 'vitest'
import { saySkipped } from '../../test/say-skipped.js'
import { parseProcessUsage, readProcessUsage } from './process-usage.js'

test('processor time and memory are found behind a command with brackets and spaces', () => {
  const stat = `7 (a) b (c) S ${Array.from({ length: 40 }, (_, index) => index + 4).join(' ')}`
  const status = 'Name:\ta\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n'
  // Fields 14 and 15 of proc(5): utime and stime.
  expect(parseProcessUsage(stat, status)).toEqual({
    cpuMs: (14 + 15) * 10,
    residentBytes: 1_048_576,
    peakResidentBytes: 2_097_152,
  })
})

test('a process that is not there has no usage', async () => {
  expect(await readProcessUsage(2 ** 22 + 1)).toBeUndefined()
})

if (process.platform !== 'linux') {
  saySkipped('process-usage.test', 'it needs the /proc of Linux')
}
test.runIf(process.platform === 'linux')('this process has used some', async () => {
  const usage = await readProcessUsage(process.pid)
  expect(usage?.cpuMs).toBeGreaterThan(0)
  expect(usage?.residentBytes).toBeGreaterThan(1e6)
})
