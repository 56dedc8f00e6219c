/**
 * The address of a document, in the form of y-websocket: a name is not encoded, but for the three
 * characters that would end it or change it on the way.
 */
export function documentUrl(
  serverUrl: string,
  documentName: string,
  params: Readonly<Record<string, string>>,
): string {
  const name = documentName.replace(/[%?#]/g, encodeURIComponent)
  const query = Object.entries(params)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join('&')
  return `${serverUrl}/${name}${query === '' ? '' : `?${query}`}`
}

/** Without the slashes at its end. */
export function trimServerUrl(serverUrl: string): string {
  return serverUrl.replace(/\/+$/, '')
}
