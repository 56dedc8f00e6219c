import { InvalidArgumentError } from 'commander'

export function asCount(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('Expected a whole number, 0 or more.')
}

export function asPositive(value: string): number {
  const count = asCount(value)
  if (count > 0) return count
  throw new InvalidArgumentError('Expected a whole number, 1 or more.')
}

/** A number that may have a fraction, 0 or more. */
export function asAmount(value: string): number {
  if (/^\d{1,9}(\.\d{1,6})?$/.test(value)) return Number(value)
  throw new InvalidArgumentError('Expected a number, 0 or more.')
}
