import { Buffer } from 'node:buffer'
import type { RandomStream } from './random-stream.js'
import type { SimulatedProcess } from './simulated-process.js'
import type { VirtualFileHandle, VirtualFileSystem } from './virtual-files.js'

/** What a file holds, and what of it would be there after a power cut. */
interface FileNode {
  content: Buffer
  durable: Buffer
}

const callMs = 0.02
const syncMs = 0.5

/**
 * The small files of a machine. Names and contents are only certain to survive a power cut once they
 * were synced; what was not may be there, or not.
 */
export class SimulatedFiles implements VirtualFileSystem {
  /** Who calls; nobody while the machine is off. */
  process: SimulatedProcess | undefined
  #names = new Map<string, FileNode>()
  #durableNames = new Map<string, FileNode>()
  readonly #directories = new Set<string>()
  readonly #readSystemFile: (path: string) => string | undefined

  /** @param readSystemFile what /proc says */
  constructor(readSystemFile: (path: string) => string | undefined) {
    this.#readSystemFile = readSystemFile
  }

  /** Files that were not synced are as they are, or as they were. */
  losePower(random: RandomStream): void {
    const names = new Map<string, FileNode>()
    for (const path of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      const node = (random.chance(0.5) ? this.#names : this.#durableNames).get(path)
      if (node === undefined) continue
      const content = random.chance(0.5) ? node.content : node.durable
      names.set(path, { content, durable: content })
    }
    this.#names = names
    this.#durableNames = new Map(names)
  }

  /** The same files, for another machine, where the directory has another name. */
  copyTo(other: SimulatedFiles, names: { readonly from: string; readonly to: string }): void {
    const rename = (path: string) => names.to + path.slice(names.from.length)
    for (const [path, node] of this.#names) other.#names.set(rename(path), { ...node })
    other.#durableNames = new Map(other.#names)
    for (const directory of this.#directories) other.#directories.add(rename(directory))
  }

  /** A directory that is there from now on, whatever happens. */
  addDirectory(path: string): void {
    this.#directories.add(path)
  }

  mkdir(path: string): Promise<void> {
    return this.#call(() => {
      if (this.#directories.has(path)) throw fileError('EEXIST', path)
      this.#directories.add(path)
    })
  }

  realpath(path: string): Promise<string> {
    return this.#call(() => path)
  }

  readdir(path: string): Promise<string[]> {
    return this.#call(() => {
      const all = [...this.#names.keys(), ...this.#directories]
      const inside = all.filter((name) => name.startsWith(`${path}/`))
      return inside.map((name) => name.slice(path.length + 1)).filter((name) => !/\//.test(name))
    })
  }

  readFile(path: string): Promise<string> {
    return this.#call(() => {
      const system = this.#readSystemFile(path)
      return system ?? this.#require(path).content.toString()
    })
  }

  writeFile(path: string, text: string, options?: { readonly flag?: string }): Promise<void> {
    return this.#call(() => {
      if (options?.flag === 'wx' && this.#names.has(path)) throw fileError('EEXIST', path)
      this.#create(path).content = Buffer.from(text)
    })
  }

  link(from: string, to: string): Promise<void> {
    return this.#call(() => {
      if (this.#names.has(to)) throw fileError('EEXIST', to)
      this.#names.set(to, this.#require(from))
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call(() => {
      this.#names.set(to, this.#require(from))
      this.#names.delete(from)
    })
  }

  unlink(path: string): Promise<void> {
    return this.#call(() => {
      this.#require(path)
      this.#names.delete(path)
    })
  }

  rm(path: string): Promise<void> {
    return this.#call(() => {
      this.#names.delete(path)
    })
  }

  open(path: string, flags = 'r'): Promise<VirtualFileHandle> {
    return this.#call(() => {
      if (this.#directories.has(path)) return this.#directoryHandle(path)
      if (flags.startsWith('w')) this.#create(path)
      return this.#fileHandle(path, this.#require(path))
    })
  }

  #fileHandle(path: string, node: FileNode): VirtualFileHandle {
    return {
      read: (buffer, offset) =>
        this.#call(() => {
          const bytesRead = Math.min(buffer.length - offset, node.content.length)
          buffer.set(node.content.subarray(0, bytesRead), offset)
          return { buffer, bytesRead }
        }),
      write: (bytes, offset, length, position) =>
        this.#call(() => {
          const content = Buffer.alloc(Math.max(node.content.length, position + length))
          content.set(node.content)
          content.set(bytes.subarray(offset, offset + length), position)
          node.content = content
        }),
      writeFile: (text) =>
        this.#call(() => {
          node.content = Buffer.from(text)
        }),
      truncate: (length) =>
        this.#call(() => {
          const content = Buffer.alloc(length)
          content.set(node.content.subarray(0, length))
          node.content = content
        }),
      sync: () =>
        this.#call(() => {
          node.durable = node.content
          // A journal that holds the content of a new file holds its name too.
          if (this.#names.get(path) === node) this.#durableNames.set(path, node)
        }, syncMs),
      close: () => this.#call(() => undefined),
    }
  }

  #directoryHandle(path: string): VirtualFileHandle {
    const refuse = (): Promise<never> => Promise.reject(fileError('EISDIR', path))
    return {
      read: refuse,
      write: refuse,
      writeFile: refuse,
      truncate: refuse,
      sync: () =>
        this.#call(() => {
          const inside = (name: string) => name.startsWith(`${path}/`)
          for (const name of this.#durableNames.keys()) {
            if (inside(name) && !this.#names.has(name)) this.#durableNames.delete(name)
          }
          for (const [name, node] of this.#names) {
            if (inside(name)) this.#durableNames.set(name, node)
          }
        }, syncMs),
      close: () => this.#call(() => undefined),
    }
  }

  #create(path: string): FileNode {
    const known = this.#names.get(path)
    if (known !== undefined) {
      known.content = Buffer.alloc(0)
      return known
    }
    const node = { content: Buffer.alloc(0), durable: Buffer.alloc(0) }
    this.#names.set(path, node)
    return node
  }

  #require(path: string): FileNode {
    const node = this.#names.get(path)
    if (node === undefined) throw fileError('ENOENT', path)
    return node
  }

  #call<Result>(work: () => Result, delayMs = callMs): Promise<Result> {
    const { process } = this
    if (process === undefined) return new Promise(() => undefined)
    return process.call('file', delayMs, work)
  }
}

function fileError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
