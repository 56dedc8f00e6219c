import type { Mutant } from '../mutant.js'

export const readersMayWrite: Mutant = {
  name: 'readers-may-write',
  what: 'everybody who has a name may write',
  caughtBy: ['readers-write-nothing'],
  needs: { isAuthenticated: true, readers: 1, durability: 'fsync' },
  server: (options) => ({
    ...options,
    authenticate: async (request) => {
      const principal = await options.authenticate?.(request)
      return principal && { ...principal, access: 'write' }
    },
  }),
}
