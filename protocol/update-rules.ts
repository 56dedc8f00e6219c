/**
 * The structural rules of an update: the `rule` of every MALFORMED_UPDATE error, and what it asks.
 * The names are stable.
 */
export const updateRules = {
  truncated: 'No value and no length reaches past the end of the bytes.',
  varint: 'A varint takes at most 8 bytes and is at most 2^53 - 1.',
  count: 'A count is not above what the bytes that are left can hold; a section has a struct.',
  'section-order': 'The clients of the sections strictly descend.',
  clock: 'No clock, nor a clock plus a length, is above 2^48.',
  info: 'The info byte is 0 for GC, 10 for Skip, or an item of kind 1 to 9 with its flags.',
  skip: 'A Skip is neither the first nor the last struct of a section.',
  length: 'Nothing is empty: no struct, no string content, no delete range.',
  'parent-info': 'The mark before a parent is 1 for a root name or 0 for an id.',
  type: 'A type is of kind 0 to 6.',
  utf8: 'Every string is valid UTF-8.',
  content: 'Values are of known types, JSON is JSON, the options of a subdocument are an object.',
  nesting: 'Values and JSON nest at most 64 levels.',
  'own-reference': 'What a struct refers to on its own client comes before it.',
  'trailing-bytes': 'Nothing follows the delete set. An update in format v2 fails here.',
} as const satisfies Record<string, string>

export type UpdateRule = keyof typeof updateRules
