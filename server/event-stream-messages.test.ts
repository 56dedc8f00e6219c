import { expect, test } from 'vitest'
import { checkMessages, messagesOf } from './event-stream-messages.js'

/** Turns that the test gives. */
const turns: (() => void)[] = []
const environment = { defer: (callback: () => void) => turns.push(callback) }

function check(body: Uint8Array, maxMessageBytes = 0): Promise<void> {
  return checkMessages(body, { environment, maxMessageBytes })
}

test('a body of whole messages is taken apart in order', async () => {
  const body = Uint8Array.of(1, 7, 3, 1, 2, 3, 2, 5, 6)
  await check(body, 3)
  expect([...messagesOf(body)].map((message) => [...message])).toEqual([[7], [1, 2, 3], [5, 6]])
  expect([...messagesOf(new Uint8Array(0))]).toEqual([])
})

test('a body that is cut off, or has an empty or too large message, is refused', async () => {
  const malformed = [[1], [0], [1, 7, 0], [1, 7, 0x80]]
  for (const bytes of malformed) {
    await expect(check(Uint8Array.from(bytes))).rejects.toMatchObject({ code: 'MALFORMED_MESSAGE' })
  }
  await expect(check(Uint8Array.of(1, 7, 2, 8, 9), 1)).rejects.toMatchObject({ code: 'TOO_LARGE' })
})

test('what is wrong with a message is found before the ones after it are looked at', async () => {
  await expect(check(new Uint8Array(16_777_216))).rejects.toMatchObject({
    code: 'MALFORMED_MESSAGE',
  })
  expect(turns).toHaveLength(0)
})

test('a body of many messages is looked over in more than one turn', async () => {
  let isDone = false
  const checked = check(Buffer.alloc(400_000, Uint8Array.of(1, 3))).then(() => {
    isDone = true
  })
  for (let turn = 0; turn < 3; turn++) {
    await Promise.resolve()
    expect([turn, turns.length, isDone]).toEqual([turn, 1, false])
    turns.pop()?.()
  }
  await checked
  expect(turns).toHaveLength(0)
})

test('a message that is kept keeps none of those that came with it', () => {
  for (const body of [Buffer.alloc(300, Uint8Array.of(2, 1, 1)), Uint8Array.of(1, 1, 1, 2)]) {
    for (const message of messagesOf(body)) {
      expect(message.buffer.byteLength).toBe(message.byteLength)
    }
  }
})
