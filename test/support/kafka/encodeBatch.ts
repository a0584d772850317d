import { gzipSync } from 'node:zlib';
import { crc32c } from '../../../indexers/log/kafka/crc32c.js';
import type { OutBatch } from '../../../indexers/log/kafka/driver.js';
import { concatBytes } from '../../../proofs/bytes.js';

export interface BatchRecord {
  readonly key?: Uint8Array | undefined;
  readonly value?: Uint8Array | undefined;
  readonly headers?: Readonly<Record<string, Uint8Array>>;
}

export interface BatchOptions {
  readonly firstOffset: number;
  /** Unix milliseconds, of all records. */
  readonly time: number;
  readonly gzip?: boolean;
  /** Set in the attributes, whatever the records are. */
  readonly attributes?: number;
}

const fixed = (length: number, write: (view: DataView) => void): Uint8Array => {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return bytes;
};
const int16 = (value: number) => fixed(2, (view) => view.setInt16(0, value));
const int32 = (value: number) => fixed(4, (view) => view.setInt32(0, value));
const int64 = (value: number) => fixed(8, (view) => view.setBigInt64(0, BigInt(value)));

/** Zigzag. */
export function varint(value: number): Uint8Array {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  const out: number[] = [];
  do {
    out.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Uint8Array.from(out);
}
const varBytes = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? varint(-1) : concatBytes(varint(bytes.length), bytes);

/** A record batch of Kafka's message format 2, as a broker keeps it: append time, no producer. */
export function encodeBatch(records: readonly BatchRecord[], options: BatchOptions): Uint8Array {
  const bodies = records.map(({ key, value, headers = {} }, i) => {
    const names = Object.entries(headers);
    const body = concatBytes(
      ...[Uint8Array.of(0), varint(0), varint(i), varBytes(key), varBytes(value), varint(names.length)],
      ...names.map(([name, bytes]) => concatBytes(varBytes(new TextEncoder().encode(name)), varBytes(bytes))),
    );
    return concatBytes(varint(body.length), body);
  });
  return frameBatch({ body: concatBytes(...bodies), count: records.length }, options);
}

/** Records that are encoded already. */
export function frameBatch({ body, count }: OutBatch, options: BatchOptions): Uint8Array {
  const { firstOffset, time, gzip = false } = options;
  const attributes = (options.attributes ?? 0x08) | (gzip ? 1 : 0);
  const checked = concatBytes(
    ...[int16(attributes), int32(count - 1), int64(time), int64(time), int64(-1)],
    ...[int16(-1), int32(-1), int32(count), gzip ? new Uint8Array(gzipSync(body)) : body],
  );
  const rest = concatBytes(int32(0), Uint8Array.of(2), int32(crc32c(checked) | 0), checked);
  return concatBytes(int64(firstOffset), int32(rest.length), rest);
}
