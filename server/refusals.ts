import { encodePermissionDenied } from '../protocol/codec.js'
import { CairnError } from '../protocol/errors.js'
import { encodeReject } from '../protocol/extension-codec.js'
import type { ConnectionWriter } from './connection-writer.js'
import type { Receipt } from './receipts.js'

/** An update that says nothing: no structs, no deletes. */
const emptyUpdateBytes = 2

/** How a connection is told that an update of its is not taken. */
export class Refusals {
  readonly #writer: ConnectionWriter
  readonly #close: (error: CairnError) => void

  constructor(writer: ConnectionWriter, close: (error: CairnError) => void) {
    this.#writer = writer
    this.#close = close
  }

  /** `receipt` is that of the update's frame; undefined for a stock connection, which is closed. */
  refuse(receipt: Receipt | undefined, error: CairnError): void {
    if (receipt !== undefined) {
      const { code, message: reason, retryAfterMs } = error
      const { frame } = receipt
      this.#writer.sendControl(encodeReject({ frame, code, reason, retryAfterMs }))
    } else if (error.code !== 'INCOMPLETE') {
      // What was held too long is still with the client; closing would only bring it again.
      this.#close(error)
    }
  }

  /** The connection may not write at all. */
  refuseWrite(update: Uint8Array, receipt: Receipt | undefined): void {
    // Every client answers the server's step 1, with nothing where it has nothing.
    if (update.byteLength > emptyUpdateBytes) {
      const error = new CairnError('FORBIDDEN', 'this connection may read, not write')
      if (receipt === undefined) this.#writer.sendControl(encodePermissionDenied(error.message))
      else this.refuse(receipt, error)
    }
    receipt?.settle()
  }
}
