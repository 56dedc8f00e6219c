import type { Chance, Toxic } from './toxic.js'

/**
 * Cuts what comes in one write into pieces of `average_size` bytes, give or take `size_variation`,
 * that leave `delay` microseconds apart.
 */
export function slicer(
  spec: { average_size: number; size_variation: number; delay: number },
  chance: Chance,
): Toxic {
  let freeAt = 0
  return {
    slice(bytes) {
      const pieces: number[] = []
      for (let left = bytes; left > 0; ) {
        const wanted = spec.average_size + spec.size_variation * (2 * chance() - 1)
        const piece = Math.min(left, Math.max(1, Math.round(wanted)))
        pieces.push(piece)
        left -= piece
      }
      return pieces
    },
    pass(_bytes, at) {
      freeAt = Math.max(freeAt, at) + spec.delay / 1_000
      return freeAt
    },
  }
}
