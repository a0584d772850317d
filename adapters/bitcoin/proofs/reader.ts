import { ProofError } from '../../../proofs/errors/proof.js';

/** Reads Bitcoin's wire encoding strictly: nothing beyond the end, only shortest `CompactSize` numbers. */
export class ByteReader {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get position(): number {
    return this.#at;
  }
  get left(): number {
    return this.bytes.length - this.#at;
  }

  /** A view of the next `length` bytes. @throws ProofError `malformed` */
  take(length: number): Uint8Array {
    if (length > this.left) {
      throw new ProofError(
        'malformed',
        `transaction data ends early: ${length} bytes wanted, ${this.left} left`,
      );
    }
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  /** The next byte without reading it; `undefined` at the end. */
  peek(ahead = 0): number | undefined {
    return this.bytes[this.#at + ahead];
  }

  uint32(): number {
    const bytes = this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  uint64(): bigint {
    const bytes = this.take(8);
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  }

  /**
   * A `CompactSize` number (Bitcoin Core `ReadCompactSize`).
   * @throws ProofError `non-canonical` unless in its shortest form
   */
  compactSize(): number {
    const first = this.take(1)[0] ?? 0;
    if (first < 0xfd) return first;
    const width = first === 0xfd ? 2 : first === 0xfe ? 4 : 8;
    const bytes = this.take(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[i] ?? 0);
    if (value < (width === 2 ? 0xfd : width === 4 ? 0x10000 : 0x1_0000_0000)) {
      throw new ProofError('non-canonical', 'a CompactSize number is not in its shortest form');
    }
    return value;
  }

  /** Bytes with their length before them. */
  sized(): Uint8Array {
    return this.take(this.compactSize());
  }
}
