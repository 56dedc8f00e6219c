/**
 * Which of a connection's update frames are settled: durable, or refused. The extension acknowledges
 * with one number, the count of frames from the first on that are settled without a gap, so a frame
 * that waits holds back the acknowledgement of those behind it, and nothing else.
 */
export class Receipts {
  #begun = 0
  #settled = 0
  #acknowledged = 0
  /** Frames in order; those before `#first` are settled and wait to be cut off. */
  #open: Receipt[] = []
  #first = 0

  /** A frame that carries an update has arrived. */
  begin(): Receipt {
    const receipt = new Receipt(++this.#begun, () => this.#advance())
    this.#open.push(receipt)
    return receipt
  }

  /** The count to acknowledge, or undefined while it is the one that was told last. */
  takeAcknowledgement(): number | undefined {
    if (this.#settled === this.#acknowledged) return undefined
    this.#acknowledged = this.#settled
    return this.#settled
  }

  /** Frames that are neither durable nor refused. */
  get openCount(): number {
    return this.#open.length - this.#first
  }

  #advance(): void {
    while (this.#open[this.#first]?.isSettled) {
      this.#first++
      this.#settled++
    }
    if (this.#first < 64 || this.#first * 2 < this.#open.length) return
    this.#open = this.#open.slice(this.#first)
    this.#first = 0
  }
}

/** One frame. It is settled when it was closed and every part of it is durable. */
export class Receipt {
  /** The how-manieth update frame of its connection, from 1. */
  readonly frame: number
  readonly #onSettled: () => void
  #openParts = 1

  constructor(frame: number, onSettled: () => void) {
    this.frame = frame
    this.#onSettled = onSettled
  }

  get isSettled(): boolean {
    return this.#openParts === 0
  }

  /** One more part must become durable. */
  expect(): void {
    this.#openParts++
  }

  /** A part is durable, or will never be and was refused; also ends the frame's own admission. */
  settle(): void {
    this.#openParts--
    if (this.#openParts === 0) this.#onSettled()
  }
}
