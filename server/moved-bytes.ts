/**
 * For a thread: `chunks` as views of one new buffer, which can be handed over. What is sent without
 * being handed over is copied twice, and a view of a larger buffer takes all of it along.
 */
export function copiedTogether(chunks: readonly Uint8Array[]): {
  readonly views: readonly Uint8Array[]
  readonly buffer: ArrayBuffer
} {
  let length = 0
  for (const chunk of chunks) length += chunk.byteLength
  const buffer = new ArrayBuffer(length)
  let start = 0
  const views = chunks.map((chunk) => {
    const view = new Uint8Array(buffer, start, chunk.byteLength)
    view.set(chunk)
    start += chunk.byteLength
    return view
  })
  return { views, buffer }
}

/** The buffers of `arrays`, each of which must have its own, for a message that hands them over. */
export function buffersOf(arrays: readonly Uint8Array[]): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = []
  for (const { buffer } of arrays) if (buffer instanceof ArrayBuffer) buffers.push(buffer)
  return buffers
}
