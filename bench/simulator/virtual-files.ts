import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/** An open file, as far as the store uses one. */
export interface VirtualFileHandle {
  read(buffer: Uint8Array, offset: number): Promise<{ buffer: Uint8Array; bytesRead: number }>
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<void>
  writeFile(text: string): Promise<void>
  truncate(length: number): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

/** What the store asks of `node:fs/promises`, served by a simulation. */
export interface VirtualFileSystem {
  mkdir(path: string): Promise<void>
  realpath(path: string): Promise<string>
  readdir(path: string): Promise<string[]>
  readFile(path: string): Promise<string>
  writeFile(path: string, text: string, options?: { readonly flag?: string }): Promise<void>
  link(from: string, to: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  rm(path: string): Promise<void>
  open(path: string, flags?: string): Promise<VirtualFileHandle>
}

const operations = [
  'mkdir',
  'realpath',
  'readdir',
  'readFile',
  'writeFile',
  'link',
  'rename',
  'unlink',
  'rm',
  'open',
] as const satisfies readonly (keyof VirtualFileSystem)[]

/**
 * Hands every call of `node:fs/promises` to the file system that `find` gives for its path, and to
 * the real one where it gives none. So the store's own code for its directory, lock, marker and
 * witness runs unchanged. Once in a thread that does nothing but simulate.
 */
export function installVirtualFiles(find: (path: string) => VirtualFileSystem | undefined): void {
  for (const operation of operations) {
    const real: unknown = Reflect.get(files, operation)
    if (typeof real !== 'function') throw new TypeError(`node:fs/promises has no ${operation}`)
    const virtual = (path: unknown, ...rest: unknown[]): unknown => {
      const system = typeof path === 'string' ? find(path) : undefined
      if (system === undefined) return Reflect.apply(real, files, [path, ...rest])
      return Reflect.apply(system[operation], system, [path, ...rest])
    }
    Reflect.set(files, operation, virtual)
  }
  syncBuiltinESMExports()
}
