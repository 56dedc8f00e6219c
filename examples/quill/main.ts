import { CairnProvider, typingIndicator } from 'cairn-sync/client'
import Quill from 'quill'
import QuillCursors from 'quill-cursors'
import { QuillBinding } from 'y-quill'
import * as Y from 'yjs'
import { showPage } from '../shared/page'
import { documentName, serverUrl } from '../shared/settings'
import 'quill/dist/quill.snow.css'
import './quill.css'

const doc = new Y.Doc()
const provider = new CairnProvider(serverUrl, `quill/${documentName}`, doc, { persist: true })
const typing = typingIndicator(provider.awareness)

showPage(provider, typing)

Quill.register('modules/cursors', QuillCursors)
const quill = new Quill('#editor', {
  theme: 'snow',
  placeholder: 'Write something …',
  modules: {
    cursors: true,
    toolbar: [
      [{ header: [1, 2, false] }],
      ['bold', 'italic', 'link'],
      [{ list: 'ordered' }, { list: 'bullet' }],
    ],
    // Undo takes back only what was written here.
    history: { userOnly: true },
  },
})
new QuillBinding(doc.getText('quill'), quill, provider.awareness)

quill.on('text-change', (_change, _before, source) => {
  if (source === 'user') typing.typed()
})
provider.on('access', (access) => quill.enable(access === 'write'))
