import { markdown } from '@codemirror/lang-markdown'
import { Compartment, EditorState } from '@codemirror/state'
import { CairnProvider } from 'cairn-sync/client'
import { basicSetup, EditorView } from 'codemirror'
import { yCollab } from 'y-codemirror.next'
import * as Y from 'yjs'
import { showPage } from '../shared/page'
import { documentName, serverUrl } from '../shared/settings'
import './codemirror.css'

const doc = new Y.Doc()
const text = doc.getText('codemirror')
const provider = new CairnProvider(serverUrl, `codemirror/${documentName}`, doc, { persist: true })

showPage(provider)

const readOnly = new Compartment()
const view = new EditorView({
  parent: document.querySelector('#editor') ?? document.body,
  doc: text.toString(),
  extensions: [
    basicSetup,
    markdown(),
    EditorView.lineWrapping,
    yCollab(text, provider.awareness, { undoManager: new Y.UndoManager(text) }),
    readOnly.of([]),
  ],
})

provider.on('access', (access) => {
  view.dispatch({ effects: readOnly.reconfigure(EditorState.readOnly.of(access === 'read')) })
})
