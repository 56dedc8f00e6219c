import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const page = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const cairnPort = process.env.CAIRN_PORT ?? '1234'

export default defineConfig({
  appType: 'mpa',
  resolve: {
    // Two copies of Yjs do not know each other's types: https://github.com/yjs/yjs/issues/438
    dedupe: ['yjs', 'y-protocols', 'lib0', 'y-indexeddb'],
  },
  server: {
    // Pages and documents have one address, as behind a reverse proxy in production.
    proxy: {
      '/sync': {
        target: `http://127.0.0.1:${cairnPort}`,
        ws: true,
        rewrite: (path) => path.replace(/^\/sync/, ''),
      },
    },
    // The package `cairn-sync` is the folder above.
    fs: { allow: ['..'] },
  },
  build: {
    target: 'es2023',
    rolldownOptions: {
      input: [
        page('index.html'),
        page('codemirror/index.html'),
        page('tiptap/index.html'),
        page('quill/index.html'),
      ],
    },
  },
})
