import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { utf8 } from '../../../proofs/bytes.js';
import { crc32c } from './crc32c.js';
import type { OutBatch, OutRecord } from './driver.js';

/** Who produces, and which of its batches it is: what makes a repeated request count once. */
export interface ProducerPlace {
  readonly id: number;
  readonly epoch: number;
  /** Of the first record, 0 to 2^31 - 1. */
  readonly sequence: number;
}

/** Bytes of a record batch before its records. */
export const BATCH_OVERHEAD = 61;
/** The checksum is of what follows here. */
const CHECKED = 21;
const GZIP = 1;

/**
 * Records as one record batch of Kafka's message format, version 2, without the batch's header: they are written once into
 * one buffer. Key, value and each header's value may be up to 2^31 - 1 bytes together.
 */
export function encodeRecords(records: readonly OutRecord[]): OutBatch {
  const sizes = records.map(bodySize);
  let total = 0;
  for (const size of sizes) total += varintSize(size) + size;
  const out = new Uint8Array(total);
  let at = 0;
  for (const [i, { key, value, headers }] of records.entries()) {
    at = putVarint(out, at, sizes[i] ?? 0);
    // Attributes and the difference of times are 0.
    at = putVarint(out, at + 2, i);
    at = putBytes(out, at, key);
    at = putBytes(out, at, value);
    at = putVarint(out, at, countOf(headers));
    for (const name in headers) {
      at = putBytes(out, at, nameBytes(name));
      at = putBytes(out, at, headers[name] ?? EMPTY);
    }
  }
  return { body: out, count: records.length };
}

/** @param i offset of the record in the batch */
function bodySize({ key, value, headers }: OutRecord, i: number): number {
  let size = 2 + varintSize(i) + sizeOf(key) + sizeOf(value) + varintSize(countOf(headers));
  for (const name in headers) size += sizeOf(nameBytes(name)) + sizeOf(headers[name] ?? EMPTY);
  return size;
}

/**
 * A whole record batch.
 * @param body what `encodeRecords` made, compressed or not
 * @param count of its records
 * @param time Unix milliseconds; replaced by the broker's where the topic says so
 */
export function sealBatch(
  body: Uint8Array,
  count: number,
  { id, epoch, sequence }: ProducerPlace,
  { time, gzipped = false }: { readonly time: number; readonly gzipped?: boolean },
): Uint8Array {
  const out = new Uint8Array(BATCH_OVERHEAD + body.length);
  const view = new DataView(out.buffer);
  view.setInt32(8, out.length - 12);
  view.setInt32(12, -1);
  view.setInt8(16, 2);
  view.setInt16(CHECKED, gzipped ? GZIP : 0);
  view.setInt32(23, count - 1);
  view.setBigInt64(27, BigInt(time));
  view.setBigInt64(35, BigInt(time));
  view.setBigInt64(43, BigInt(id));
  view.setInt16(51, epoch);
  view.setInt32(53, sequence);
  view.setInt32(57, count);
  out.set(body, BATCH_OVERHEAD);
  view.setUint32(17, crc32c(out.subarray(CHECKED)));
  return out;
}

const gzipped = promisify(gzip);

/** Compressed as brokers take it. */
export async function compress(body: Uint8Array): Promise<Uint8Array> {
  const { buffer, byteOffset, byteLength } = await gzipped(body);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const EMPTY = new Uint8Array();
const names = new Map<string, Uint8Array>();

/** Names of headers are few, and known. */
function nameBytes(name: string): Uint8Array {
  let bytes = names.get(name);
  if (bytes === undefined) {
    bytes = utf8(name);
    if (names.size < 64) names.set(name, bytes);
  }
  return bytes;
}

function countOf(headers: OutRecord['headers']): number {
  let count = 0;
  for (const _ in headers) count++;
  return count;
}

/** Bytes of a non-negative number, zigzag. */
export function varintSize(value: number): number {
  return value < 2 ** 6 ? 1 : value < 2 ** 13 ? 2 : value < 2 ** 20 ? 3 : value < 2 ** 27 ? 4 : 5;
}

function sizeOf(bytes: Uint8Array): number {
  return varintSize(bytes.length) + bytes.length;
}

/** A number from 0 to 2^31 - 1, zigzag. @returns the place after it */
export function putVarint(out: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = (value << 1) >>> 0;
  while (rest >= 0x80) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

/** Bytes with their length before them. @returns the place after them */
export function putBytes(out: Uint8Array, start: number, bytes: Uint8Array): number {
  const at = putVarint(out, start, bytes.length);
  out.set(bytes, at);
  return at + bytes.length;
}
