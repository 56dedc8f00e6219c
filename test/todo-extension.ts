/** An application in a simulation, as `bench-export.test.ts` loads it: todos in a list. */
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import type {
  AppClient,
  AppClientPlace,
  Checker,
  ClientState,
  SimulationExtension,
} from '../bench/index.js'

export const edits: SimulationExtension['edits'] = {
  add: {
    weight: 10,
    apply(doc, random) {
      doc.getArray<string>('todos').push([`todo ${random.integer(0, 1_000_000)}`])
    },
  },
  // To move by deleting and inserting is the mistake: who moves at the same time makes two of it.
  move: {
    weight: 10,
    apply(doc, random) {
      const todos = doc.getArray<string>('todos')
      const todo = todos.length === 0 ? undefined : todos.get(0)
      if (todo === undefined) return
      doc.transact(() => {
        todos.delete(0)
        todos.insert(random.integer(0, todos.length), [todo])
      })
    },
  },
}

class NoTodoTwice implements Checker {
  readonly invariant = 'no-todo-twice'

  rested(clients: readonly ClientState[]): string | undefined {
    for (const { name, doc } of clients) {
      const todos = doc.getArray<string>('todos').toArray()
      const twice = todos.find((todo, index) => todos.indexOf(todo) < index)
      if (twice !== undefined) return `${name} has ${twice} twice`
    }
    return undefined
  }
}

export function createCheckers(): readonly Checker[] {
  return [new NoTodoTwice()]
}

/** The stock client, as an application of its own may use it. */
function createClient(place: AppClientPlace): AppClient {
  const doc = new Y.Doc()
  const { url, documentName, params, WebSocket } = place
  const options = { connect: false, disableBc: true, params: { ...params } }
  Object.assign(options, { WebSocketPolyfill: WebSocket })
  const provider = new WebsocketProvider(url, documentName, doc, options)
  return {
    doc,
    awareness: provider.awareness,
    get isSynced() {
      return provider.wsconnected && provider.synced
    },
    connect: () => provider.connect(),
    disconnect: () => provider.disconnect(),
    destroy() {
      provider.destroy()
      provider.awareness.destroy()
    },
  }
}

export const clients: SimulationExtension['clients'] = [createClient]
