/**
 * Where the code point number `position` starts in `text`, in UTF-16 units, searching onward from
 * `from`, which stands for the code point number `fromPosition`.
 * @returns undefined where the text has fewer code points
 */
export function unitOffset(
  text: string,
  position: number,
  from = 0,
  fromPosition = 0,
): number | undefined {
  let offset = from
  for (let left = position - fromPosition; left > 0; left--) {
    const codePoint = text.codePointAt(offset)
    if (codePoint === undefined) return undefined
    offset += codePoint > 0xffff ? 2 : 1
  }
  return offset
}
