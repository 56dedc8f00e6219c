import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { registerStoreContract, storeContractRules } from './store-contract.js'

// The tests run in dist/persistence; the documents stay where they are.
const documentUrl = new URL('../../docs/STORAGE.md', import.meta.url)

test('docs/STORAGE.md lists the rules of the contract as their tests are titled', async () => {
  const document = await readFile(documentUrl, 'utf8')
  const listed = [...document.matchAll(/^- \*\*(ST\d+)\*\* (.+)$/gm)].map(
    ([, id, title]) => `[${id}] ${title}`,
  )
  const titles: string[] = []
  registerStoreContract({
    test: (title) => titles.push(title),
    createStore: () => Promise.reject(new Error('no rule is run here')),
  })
  expect(listed).toEqual(titles)
})

test('the rules are numbered without holes', () => {
  const numbers = storeContractRules.map(({ id }) => id)
  expect(numbers).toEqual(numbers.map((_, index) => `ST${index + 1}`))
})
