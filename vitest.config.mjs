import { defineConfig } from 'vitest/config'

const report = process.env.CAIRN_TEST_REPORT

// The tests run what ships: the compiled files in dist/, workers and command included.
export default defineConfig({
  test: {
    include: ['dist/**/*.test.js'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
})
