import { Editor } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret'
import { StarterKit } from '@tiptap/starter-kit'
import { CairnProvider } from 'cairn-sync/client'
import * as Y from 'yjs'
import { showPage } from '../shared/page'
import { documentName, loadUser, serverUrl } from '../shared/settings'
import './tiptap.css'

const doc = new Y.Doc()
const provider = new CairnProvider(serverUrl, `tiptap/${documentName}`, doc, { persist: true })

showPage(provider)

const editor = new Editor({
  element: document.querySelector('#editor'),
  extensions: [
    // Undo is that of Yjs, which leaves alone what others wrote.
    StarterKit.configure({ undoRedo: false }),
    Collaboration.configure({ document: doc }),
    CollaborationCaret.configure({ provider, user: loadUser() }),
  ],
})

provider.on('access', (access) => editor.setEditable(access === 'write'))
