import { expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { Progress } from './progress.js'

function createProgress(isErrorTerminal: boolean) {
  const environment = new SimulatedEnvironment()
  const written: string[] = []
  const output = { isErrorTerminal, writeError: (text: string) => written.push(text) }
  return { environment, written, progress: new Progress(output, environment) }
}

test('work that is soon over says nothing', async () => {
  const { environment, written, progress } = createProgress(true)
  await environment.advance(150)
  progress.update('checked 1')
  progress.clear()
  expect(written).toEqual([])
})

test('a terminal has one line that is written over and cleared', async () => {
  const { environment, written, progress } = createProgress(true)
  for (const count of [1, 2, 3]) {
    await environment.advance(150)
    progress.update(`checked ${count}`)
  }
  progress.clear()
  progress.clear()
  expect(written).toEqual(['\r\u001b[Kchecked 2', '\r\u001b[K'])
})

test('a log gets a line every ten seconds', async () => {
  const { environment, written, progress } = createProgress(false)
  for (let count = 1; count <= 25; count++) {
    await environment.advance(1000)
    progress.update(`checked ${count}`)
  }
  progress.clear()
  expect(written).toEqual(['cairn: checked 10\n', 'cairn: checked 20\n'])
})
