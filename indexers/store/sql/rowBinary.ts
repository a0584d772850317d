import { utf8 } from '../../../proofs/bytes.js';

const MASK = 0xffff_ffff_ffff_ffffn;

/**
 * Writes rows in ClickHouse's RowBinary format (docs: interfaces/formats/RowBinary): values one after another in the order of
 * the columns, little-endian, strings and arrays led by their length as LEB128. The buffer grows; `take` empties it.
 */
export class RowWriter {
  #bytes: Buffer;
  #at = 0;
  #rows = 0;
  /** The text that was written last: a column of names has mostly the same. */
  #text = '';
  #encoded = utf8('');

  constructor(capacity = 1 << 16) {
    this.#bytes = Buffer.allocUnsafe(Math.max(64, capacity));
  }

  /** Bytes written since `take`. */
  get size(): number {
    return this.#at;
  }
  /** Rows ended since `take`. */
  get rows(): number {
    return this.#rows;
  }

  /** UInt8, Enum8 of positive values, Bool. @throws RangeError */
  uint8(value: number): this {
    this.#room(1);
    this.#at = this.#bytes.writeUInt8(value, this.#at);
    return this;
  }

  bool(value: boolean): this {
    return this.uint8(value ? 1 : 0);
  }

  /** UInt16. @throws RangeError */
  uint16(value: number): this {
    this.#room(2);
    this.#at = this.#bytes.writeUInt16LE(value, this.#at);
    return this;
  }

  /** UInt32, DateTime (Unix seconds). @throws RangeError */
  uint32(value: number): this {
    this.#room(4);
    this.#at = this.#bytes.writeUInt32LE(value, this.#at);
    return this;
  }

  /** Int32. @throws RangeError */
  int32(value: number): this {
    this.#room(4);
    this.#at = this.#bytes.writeInt32LE(value, this.#at);
    return this;
  }

  /** UInt64. @throws RangeError */
  uint64(value: number | bigint): this {
    this.#room(8);
    if (typeof value === 'bigint') {
      this.#at = this.#bytes.writeBigUInt64LE(value, this.#at);
      return this;
    }
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`no 64-bit count: ${value}`);
    this.#bytes.writeUInt32LE(value >>> 0, this.#at);
    this.#at = this.#bytes.writeUInt32LE(Math.floor(value / 2 ** 32), this.#at + 4);
    return this;
  }

  /** Int64, DateTime64. @throws RangeError */
  int64(value: number | bigint): this {
    this.#room(8);
    this.#at = this.#bytes.writeBigInt64LE(BigInt(value), this.#at);
    return this;
  }

  /** UInt256. @throws RangeError */
  uint256(value: bigint): this {
    if (value < 0n || value >> 256n !== 0n) throw new RangeError('no 256-bit number');
    this.#room(32);
    for (let rest = value, i = 0; i < 4; i++, rest >>= 64n)
      this.#at = this.#bytes.writeBigUInt64LE(rest & MASK, this.#at);
    return this;
  }

  /** Float64. */
  float64(value: number): this {
    this.#room(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
    return this;
  }

  /** FixedString(length). @throws RangeError for another length */
  fixed(value: Uint8Array, length: number): this {
    if (value.length !== length) throw new RangeError(`${value.length} bytes where ${length} belong`);
    this.#room(length);
    this.#bytes.set(value, this.#at);
    this.#at += length;
    return this;
  }

  /** String: any bytes. */
  bytes(value: Uint8Array): this {
    this.length(value.length);
    this.#room(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** String, LowCardinality(String): UTF-8. */
  text(value: string): this {
    if (value !== this.#text) {
      this.#encoded = utf8(value);
      this.#text = value;
    }
    return this.bytes(this.#encoded);
  }

  /** Array: its length, then each item by `write`. */
  array<T>(items: readonly T[], write: (item: T, rows: this) => void): this {
    this.length(items.length);
    for (const item of items) write(item, this);
    return this;
  }

  /** Nullable: one byte, then the value by `write` where there is one. */
  nullable<T>(value: T | undefined, write: (value: T, rows: this) => void): this {
    this.uint8(value === undefined ? 1 : 0);
    if (value !== undefined) write(value, this);
    return this;
  }

  /** A length as LEB128. */
  length(value: number): this {
    this.#room(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
    return this;
  }

  endRow(): this {
    this.#rows++;
    return this;
  }

  /** All bytes since the last call, which the caller then owns. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#at);
    this.#bytes = Buffer.allocUnsafe(Math.max(64, Math.min(this.#at, 1 << 24)));
    this.#at = 0;
    this.#rows = 0;
    return taken;
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
