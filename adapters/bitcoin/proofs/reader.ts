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
    this.skip(length);
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  /** Passes over the next `length` bytes. @throws ProofError `malformed` */
  skip(length: number): void {
    if (length > this.left) {
      throw new ProofError(
        'malformed',
        `transaction data ends early: ${length} bytes wanted, ${this.left} left`,
      );
    }
    this.#at += length;
  }

  /** The next byte without reading it; `undefined` at the end. */
  peek(ahead = 0): number | undefined {
    return this.bytes[this.#at + ahead];
  }

  uint32(): number {
    this.skip(4);
    const { bytes } = this;
    const at = this.#at;
    const low = (bytes[at - 4] ?? 0) | ((bytes[at - 3] ?? 0) << 8) | ((bytes[at - 2] ?? 0) << 16);
    return (low | ((bytes[at - 1] ?? 0) << 24)) >>> 0;
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
    this.skip(1);
    const first = this.bytes[this.#at - 1] ?? 0;
    if (first < 0xfd) return first;
    const width = first === 0xfd ? 2 : first === 0xfe ? 4 : 8;
    this.skip(width);
    let value = 0;
    for (let i = 1; i <= width; i++) value = value * 256 + (this.bytes[this.#at - i] ?? 0);
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
