import { defineConfig } from 'vitest/config'

// The tests run what ships: the compiled files in dist/, workers and command included.
export default defineConfig({
  test: {
    include: ['dist/**/*.test.js'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: process.env.CI ? ['default'] : ['default'],
  },
})
