import { expect } from 'vitest'
import { CommandSession } from './command-session.js'

/**
 * The examples in the help of a command and of the commands below it.
 * @param words of the command, without `cairn`
 */
export async function collectExamples(
  words: readonly string[],
  isWanted: (command: string) => boolean = () => true,
): Promise<readonly string[]> {
  const { code, stdout } = await new CommandSession().run(...words, '--help')
  expect(code).toBe(0)
  const own = [...stdout.matchAll(/^ {2}\$ (cairn .*)$/gm)].flatMap(([, example]) => example ?? [])
  expect(own, `examples of: cairn ${words.join(' ')}`).not.toEqual([])
  const listed = /^Commands:\n((?: .*\n)*)/m.exec(stdout)?.[1] ?? ''
  const names = [...listed.matchAll(/^ {2}([a-z]+)\b/gm)].flatMap(([, name]) => name ?? [])
  const below = names
    .map((name) => [...words, name])
    .filter((command) => command.at(-1) !== 'help' && isWanted(command.join(' ')))
    .map((command) => collectExamples(command, isWanted))
  return [...own, ...(await Promise.all(below)).flat()]
}
