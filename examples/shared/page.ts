import type { CairnProvider, ConnectionStateName } from 'cairn-sync/client'
import { documentName, loadUser, makeUser, saveUser, type User } from './settings'
import './page.css'

const stateLabels: Readonly<Record<ConnectionStateName, string>> = {
  connecting: 'Connecting',
  syncing: 'Syncing',
  live: 'Live',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  closed: 'Closed',
}

/**
 * The frame around an editor: who is here above it, how the connection stands below.
 * @param typing of those who type, where the editor says it
 */
export function showPage(
  provider: CairnProvider,
  typing?: { readonly others: readonly number[]; onChange(listener: () => void): () => void },
): void {
  element('#document').textContent = documentName
  for (const link of document.querySelectorAll('nav a')) {
    link.setAttribute('href', `${link.getAttribute('href')}${location.hash}`)
  }
  editUser(provider)
  const status = (): void => showStatus(provider)
  const people = (): void => showPeople(provider, typing?.others ?? [])
  for (const event of ['state', 'saved', 'unsaved-changes', 'rejected'] as const) {
    provider.on(event, status)
  }
  for (const event of ['away', 'back'] as const) provider.on(event, people)
  provider.awareness.on('change', people)
  typing?.onChange(people)
  provider.on('reset', () => offerNewDocument(provider))
  status()
  people()
}

/** The status line. What a program may want to know of it is in data attributes. */
function showStatus(provider: CairnProvider): void {
  const { access, latencyMs, reason, state, transport } = provider.status
  const line = element('#status')
  Object.assign(line.dataset, {
    state,
    saved: String(provider.saved),
    unsaved: String(provider.unsavedChanges),
    transport: transport ?? '',
    access: access ?? '',
  })
  const parts = [
    { name: 'state', text: stateLabels[state] },
    { name: 'saved', text: savedText(provider) },
    {
      name: 'access',
      text: access === undefined ? '' : access === 'write' ? 'can edit' : 'can read',
    },
    { name: 'transport', text: transport === 'events' ? 'HTTP' : transport ? 'WebSocket' : '' },
    { name: 'latency', text: latencyMs === undefined ? '' : `${Math.round(latencyMs)} ms` },
    { name: 'reason', text: state === 'closed' ? (reason?.message ?? '') : '' },
  ]
  line.replaceChildren(...parts.filter(({ text }) => text !== '').map((part) => make('span', part)))
}

function savedText(provider: CairnProvider): string {
  const { rejectedChanges, saved, status, unsavedChanges } = provider
  if (rejectedChanges > 0) return `${count(rejectedChanges)} refused by the server`
  const isAway = status.state === 'offline' || status.state === 'reconnecting'
  if (unsavedChanges > 0) {
    return `${count(unsavedChanges)} not saved yet${isAway ? ', kept in this browser' : ''}`
  }
  // After a reload nobody knows how much of what this browser kept is at the server.
  if (!saved) return isAway ? 'Kept in this browser' : ''
  return isAway ? 'All changes were saved' : 'All changes saved'
}

function count(changes: number): string {
  return changes === 1 ? '1 change' : `${changes} changes`
}

/** Everybody else who has the document open; those whose connection was lost are dimmed. */
function showPeople(provider: CairnProvider, typing: readonly number[]): void {
  const { awareness, away } = provider
  const others = [...awareness.getStates()].flatMap(([id, state]) => {
    if (id === awareness.clientID) return []
    const { name = 'Somebody', color = '#57606a' } = (state.user ?? {}) as Partial<User>
    return [{ id, name, color }]
  })
  element('#people').replaceChildren(
    ...others.map(({ id, name, color }) => {
      const chip = make('li', { name: 'person', text: name })
      chip.style.setProperty('--color', color)
      chip.classList.toggle('away', away.has(id))
      chip.title = away.has(id) ? `${name} is away` : name
      return chip
    }),
  )
  const typists = others.filter(({ id }) => typing.includes(id)).map(({ name }) => name)
  const verb = typists.length === 1 ? 'is' : 'are'
  element('#typing').textContent =
    typists.length > 0 ? `${typists.join(', ')} ${verb} typing …` : ''
}

/** The name and the colour under which the others see this browser. */
function editUser(provider: CairnProvider): void {
  const [name, color] = [element<HTMLInputElement>('#name'), element<HTMLInputElement>('#color')]
  const user = loadUser()
  name.value = user.name
  color.value = user.color
  provider.awareness.setLocalStateField('user', user)
  const change = (): void => {
    const changed = saveUser(makeUser(name.value.trim() || user.name, color.value))
    provider.awareness.setLocalStateField('user', changed)
  }
  name.addEventListener('change', change)
  color.addEventListener('change', change)
}

/** The document was deleted at the server: what this browser keeps is of its former life. */
function offerNewDocument(provider: CairnProvider): void {
  const button = make('button', { name: 'restart', text: 'Start anew' })
  button.addEventListener('click', async () => {
    await provider.clearPersisted()
    location.reload()
  })
  // After the status line has shown why it is closed.
  queueMicrotask(() => element('#status').append(button))
}

function make(tag: string, { name, text }: { readonly name: string; readonly text: string }) {
  const made = document.createElement(tag)
  made.className = name
  made.textContent = text
  return made
}

function element<Kind extends HTMLElement>(selector: string): Kind {
  const found = document.querySelector<Kind>(selector)
  if (found === null) throw new Error(`the page has no ${selector}`)
  return found
}
