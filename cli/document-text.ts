import * as Y from 'yjs'
import { CommandFailure } from './command-failure.js'
import { plainText } from './document-json.js'
import { escapeControls } from './escape-controls.js'
import { type AnyType, listElements, listRootTypes, type RootType } from './root-types.js'

/**
 * The plain text of one root type: of the only one, or of that which `rootName` names. Formatting
 * and embedded objects are left out. Of XML it is the text, each block on a line of its own.
 */
export function describeAsText(doc: Y.Doc, rootName?: string): string {
  const { name, kind, type } = chooseRoot(listRootTypes(doc), rootName)
  switch (kind) {
    case 'empty':
      return ''
    case 'text':
      return plainText(type)
    case 'xml':
      return xmlText(type)
    default:
      throw new CommandFailure(
        `root type "${escapeControls(name)}" is no text (${kind}). Use --format json for it.`,
      )
  }
}

function chooseRoot(roots: readonly RootType[], rootName: string | undefined): RootType {
  const names = roots.map(({ name }) => `"${escapeControls(name)}"`).join(', ')
  if (rootName !== undefined) {
    const root = roots.find(({ name }) => name === rootName)
    if (root !== undefined) return root
    const wanted = escapeControls(rootName)
    throw new CommandFailure(
      `the document has no root type "${wanted}". It has: ${names === '' ? 'none' : names}.`,
    )
  }
  const [root] = roots
  if (root === undefined) throw new CommandFailure('the document is empty: it has no root type.')
  if (roots.length === 1) return root
  throw new CommandFailure(`the document has several root types: choose with --root from ${names}.`)
}

function xmlText(type: AnyType): string {
  const children = [...listElements(type)]
  const isBlock = children.some((child) => child instanceof Y.XmlElement)
  return children.map(childText).join(isBlock ? '\n' : '')
}

function childText(child: unknown): string {
  if (child instanceof Y.Text) return plainText(child)
  return child instanceof Y.AbstractType ? xmlText(child) : ''
}
