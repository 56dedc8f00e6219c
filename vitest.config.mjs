import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const report = process.env.CAIRN_TEST_REPORT

// The tests run what ships: the compiled files in dist/, workers and command included.
export default defineConfig({
  test: {
    include: ['dist/**/*.test.js'],
    // By default one core is left alone, which of two is half.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    maxConcurrency: 3,
    // Test files share a process and what is imported there; else a third of all the time is loading.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
})
