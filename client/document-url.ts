/** What would end a name or change it on the way: `?`, `#`, and a `%` that encodes nothing. */
const mustEncode = /[?#]|%(?![0-9a-f]{2})/gi

/**
 * The address of a document, in the form of y-websocket: a name is not encoded but where it must be,
 * so that a name which the application has encoded itself stays what it was there.
 */
export function documentUrl(
  serverUrl: string,
  documentName: string,
  params: Readonly<Record<string, string>>,
): string {
  const name = documentName.replace(mustEncode, encodeURIComponent)
  const query = Object.entries(params)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join('&')
  return `${serverUrl}/${name}${query === '' ? '' : `?${query}`}`
}

/** Without the slashes at its end. */
export function trimServerUrl(serverUrl: string): string {
  return serverUrl.replace(/\/+$/, '')
}
