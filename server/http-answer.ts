import type { ServerResponse } from 'node:http'

export type HttpHeaders = Readonly<Record<string, string>>

/** Documents are open to every origin, and no answer depends on cookies. */
export const anyOrigin: HttpHeaders = Object.freeze({ 'access-control-allow-origin': '*' })

/** A short answer for people. */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: HttpHeaders = {},
): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(text)
}

/** The status that means the same as a close code; undefined for those after which one comes back. */
export function finalStatus(closeCode: number): number | undefined {
  return finalStatuses.get(closeCode)
}

const finalStatuses: ReadonlyMap<number, number> = new Map([
  [4400, 400],
  [4401, 401],
  [4403, 403],
  [4404, 404],
  [4413, 413],
])
