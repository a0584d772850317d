import { concatBytes } from '../../../proofs/bytes.js';
import { KafkaResponseError, RecordBatchError } from './errors.js';

/** Reads the big-endian fields of Kafka's protocol; every length is checked. @throws RecordBatchError */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  get position(): number {
    return this.#at;
  }
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }
  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }
  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }
  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }
  /** A 64-bit number that JavaScript holds exactly. */
  int64(): number {
    const at = this.#take(8);
    const value = this.#view.getInt32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
    if (!Number.isSafeInteger(value)) throw new RecordBatchError('a number is beyond 2^53');
    return value;
  }
  string(): string {
    const length = this.int16();
    return length < 0 ? '' : new TextDecoder().decode(this.bytes(length));
  }
  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    if (length < 0) throw new RecordBatchError('a length is negative');
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }
  /** Zigzag, up to 53 bits. */
  varint(): number {
    const first = this.#bytes[this.#at] ?? 0x80;
    // Most are short.
    if (first < 0x80) {
      this.#at++;
      return (first >>> 1) ^ -(first & 1);
    }
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.#take(1)] ?? 0;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte >= 0x80) continue;
      if (!Number.isSafeInteger(value)) throw new RecordBatchError('a number is beyond 2^53');
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new RecordBatchError('a number has more than ten bytes');
  }
  /** Bytes with a varint length before them; `undefined` for null. */
  varBytes(): Uint8Array | undefined {
    const length = this.varint();
    return length < 0 ? undefined : this.bytes(length);
  }

  #take(length: number): number {
    const at = this.#at;
    if (this.#bytes.length - at < length) throw new RecordBatchError('it ends early');
    this.#at = at + length;
    return at;
  }
}

const int8 = (value: number): Uint8Array => Uint8Array.of(value & 0xff);
const number = (length: number, write: (view: DataView) => void): Uint8Array => {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return bytes;
};
/** Big-endian, as the protocol writes them. */
export const int16 = (value: number): Uint8Array => number(2, (view) => view.setInt16(0, value));
/** As `int16`. */
export const int32 = (value: number): Uint8Array => number(4, (view) => view.setInt32(0, value));
const int64 = (value: number): Uint8Array => number(8, (view) => view.setBigInt64(0, BigInt(value)));
/** With its length in bytes before it. */
export const string = (text: string): Uint8Array => {
  const bytes = new TextEncoder().encode(text);
  return concatBytes(int16(bytes.length), bytes);
};

/** Kafka's protocol, `Fetch`: version 10, of Kafka 2.1 and later. */
export const FETCH = { key: 1, version: 10 } as const;
/** Kafka's protocol, `ListOffsets`: version 2. */
export const LIST_OFFSETS = { key: 2, version: 2 } as const;

/** Error codes of the protocol that mean something to readers and writers. */
export const ErrorCode = {
  offsetOutOfRange: 1,
  unknownTopic: 3,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  unknownProducerId: 59,
} as const;

export interface FetchRequest {
  readonly topic: string;
  readonly offset: number;
  /** The broker waits so long for a first record. */
  readonly maxWaitMs: number;
  /** One record batch comes even if it is larger. */
  readonly maxBytes: number;
}

/** For partition 0, reading what is not committed by transactions too: everyone then reads the same. */
export function encodeFetch({ topic, offset, maxWaitMs, maxBytes }: FetchRequest): Uint8Array {
  const replica = int32(-1);
  const isolation = int8(0);
  const noSession = [int32(0), int32(-1)];
  const partition = [int32(0), int32(-1), int64(offset), int64(-1), int32(maxBytes)];
  return concatBytes(
    ...[replica, int32(maxWaitMs), int32(1), int32(maxBytes), isolation, ...noSession],
    ...[int32(1), string(topic), int32(1), ...partition, int32(0)],
  );
}

export interface FetchResponse {
  /** Offset after the newest record that all replicas in sync have. */
  readonly highWatermark: number;
  /** Offset of the oldest record that is still there. */
  readonly logStart: number;
  /** Record batches, the last one possibly cut off. */
  readonly batches: Uint8Array;
}

/** @throws KafkaResponseError, RecordBatchError */
export function decodeFetch(bytes: Uint8Array): FetchResponse {
  const reader = new WireReader(bytes);
  reader.int32();
  const failure = reader.int16();
  if (failure !== 0) throw new KafkaResponseError('fetch', failure);
  reader.int32();
  if (reader.int32() !== 1) throw new RecordBatchError('a fetch has not one topic');
  reader.string();
  if (reader.int32() !== 1) throw new RecordBatchError('a fetch has not one partition');
  reader.int32();
  const code = reader.int16();
  const highWatermark = reader.int64();
  reader.int64();
  const logStart = reader.int64();
  const aborted = reader.int32();
  for (let i = 0; i < aborted; i++) reader.bytes(16);
  if (code !== 0) throw new KafkaResponseError('fetch', code);
  const length = reader.int32();
  return { highWatermark, logStart, batches: reader.bytes(Math.max(0, length)) };
}

/** Which offset is asked for: of the oldest record, after the newest, or the first at a time (Unix milliseconds). */
export type OffsetQuery = 'earliest' | 'latest' | number;

export function encodeListOffsets(topic: string, query: OffsetQuery): Uint8Array {
  const time = query === 'earliest' ? -2 : query === 'latest' ? -1 : query;
  return concatBytes(
    ...[int32(-1), int8(0), int32(1), string(topic), int32(1), int32(0)],
    number(8, (view) => view.setBigInt64(0, BigInt(time))),
  );
}

/** @returns the offset; `undefined` if there is none. @throws KafkaResponseError, RecordBatchError */
export function decodeListOffsets(bytes: Uint8Array): number | undefined {
  const reader = new WireReader(bytes);
  reader.int32();
  if (reader.int32() !== 1) throw new RecordBatchError('a list of offsets has not one topic');
  reader.string();
  if (reader.int32() !== 1) throw new RecordBatchError('a list of offsets has not one partition');
  reader.int32();
  const code = reader.int16();
  if (code !== 0) throw new KafkaResponseError('list offsets', code);
  reader.int64();
  const offset = reader.int64();
  return offset < 0 ? undefined : offset;
}
