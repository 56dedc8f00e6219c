/** What a server has said of who this is. */
interface Known {
  readonly access: { readonly access: 'read' | 'write'; readonly principal: string } | undefined
  readonly hello: { readonly access: 'read' | 'write' } | undefined
}

/**
 * What keeps tabs apart that have the same address open as somebody else, or that may do something
 * else: an edit of a tab that may only read must not ride out through one that may write.
 *
 * @param chosen by the application
 * @param isCertain whether nobody in particular is meant where the server has named no principal
 * @returns the end of the channel's name; undefined where it is not certain yet
 */
export function tabScope(
  chosen: string | undefined,
  isCertain: boolean,
  { access, hello }: Known,
): string | undefined {
  const known = access ?? hello
  if (chosen !== undefined) return known?.access === 'read' ? `#${chosen}:read` : `#${chosen}`
  if (access !== undefined && access.principal !== '') {
    return `#${access.principal}:${access.access}`
  }
  if (access === undefined && !isCertain) return undefined
  return known?.access === 'read' ? '#:read' : ''
}
