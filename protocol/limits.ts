/** One limit: what it counts, how much of it, and why there is a limit at all. */
export interface ProtocolLimit {
  readonly value: number
  readonly unit: string
  readonly reason: string
}

/**
 * What no message may pass, whoever sends it and however a server is configured. What an operator
 * may choose (bytes of a message, of a document, messages per second) belongs to the server.
 */
export const protocolLimits = {
  varintBytes: {
    value: 8,
    unit: 'bytes',
    reason:
      'Eight bytes hold 2^53 - 1. Longer ones become Infinity or NaN in lib0, and loops hang.',
  },
  clock: {
    value: 2 ** 48,
    unit: 'clock',
    reason: 'No client ever counts so far, and sums of clocks stay exact below 2^53.',
  },
  nesting: {
    value: 64,
    unit: 'levels',
    reason:
      'Yjs writes values by recursion; one nested thousands of levels makes a document unreadable.',
  },
  sections: {
    value: 65_536,
    unit: 'clients per update',
    reason: 'Every client that ever wrote costs each keystroke of everybody in a Y.Doc.',
  },
  dependencies: {
    value: 65_536,
    unit: 'clients per update',
    reason: 'An update names no more other clients than may have sections.',
  },
  deleteRanges: {
    value: 1_048_576,
    unit: 'new ranges per update',
    reason: 'A range costs 2 bytes on the wire and 24 in memory.',
  },
  stateVectorClients: {
    value: 100_000,
    unit: 'clients per state vector',
    reason: 'A state vector comes before anything is known of who sent it.',
  },
  documentNameBytes: {
    value: 1_000,
    unit: 'bytes of UTF-8',
    reason: 'A name is part of every key of the document in the store.',
  },
} as const satisfies Record<string, ProtocolLimit>
