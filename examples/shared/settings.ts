/** Where Cairn is: at the address of the page, below `/sync`; see the proxy in vite.config.ts. */
export const serverUrl = `${location.origin.replace(/^http/, 'ws')}/sync`

/** The part of the address after `#`, so that a link leads to a document. */
export const documentName = decodeURIComponent(location.hash.slice(1)) || 'welcome'

addEventListener('hashchange', () => location.reload())

/** Who writes, as the others see it; the bindings of all editors read these fields. */
export interface User {
  readonly name: string
  readonly color: string
  /** Of what somebody has selected. */
  readonly colorLight: string
}

const names = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Leslie', 'Frances']
const colors = ['#1f6feb', '#bf3989', '#8250df', '#1a7f37', '#c4432b', '#0a7ea4', '#9a6700']

function oneOf(list: readonly string[]): string {
  return list[Math.floor(Math.random() * list.length)] ?? ''
}

export function makeUser(name: string, color: string): User {
  return { name, color, colorLight: `${color}33` }
}

/** Of this browser, until it chooses another name. */
export function loadUser(): User {
  const [name, color] = (localStorage.getItem('user') ?? '').split('\n')
  return name && color ? makeUser(name, color) : saveUser(makeUser(oneOf(names), oneOf(colors)))
}

export function saveUser(user: User): User {
  localStorage.setItem('user', `${user.name}\n${user.color}`)
  return user
}
