import { gunzipSync } from 'node:zlib';
import { crc32c } from './crc32c.js';
import { RecordBatchError } from './errors.js';
import { WireReader } from './wire.js';

/** A record as the topic has it. */
export interface InRecord {
  readonly offset: number;
  /** Unix milliseconds, by the broker's clock where the topic says so. */
  readonly time: number;
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
  /** The first of each name. */
  readonly headers: ReadonlyMap<string, Uint8Array>;
}

/** One batch of a fetched stretch. */
export interface RecordBatch {
  /** Offset after it. */
  readonly next: number;
  readonly firstOffset: number;
  /** What is in it, not taken apart; `undefined` for markers of transactions, which are the broker's own. @throws RecordBatchError */
  content(): BatchContent | undefined;
  /** Its records; an error while they are read means that the batch is broken. @throws RecordBatchError */
  records(): Generator<InRecord>;
}

/** The inside of a batch whose checksum is right. */
export interface BatchContent {
  /** The records one after another, decompressed. */
  readonly body: Uint8Array;
  /** Of the records, as the batch says. */
  readonly count: number;
  /** Unix milliseconds of a record. @param delta what the record says */
  time(delta: number): number;
}

/** Bytes before the records of a batch: `RecordBatch` of Kafka's message format, version 2. */
const OVERHEAD = 61;
const PREFIX = 12;
const MAX_HEADERS = 64;

/**
 * The batches of a fetched stretch, lazily; a cut-off last one is left out. Each is bounded by its own length, so a
 * broken one hides nothing behind it.
 * @param maxInflated most bytes that a compressed batch may grow to
 */
export function* readBatches(bytes: Uint8Array, maxInflated: number): Generator<RecordBatch> {
  let at = 0;
  while (bytes.length - at >= PREFIX) {
    const reader = new WireReader(bytes, at);
    const firstOffset = reader.int64();
    const length = reader.int32();
    if (length < 0 || bytes.length - at - PREFIX < length) return;
    const whole = bytes.subarray(at, at + PREFIX + length);
    // Kept, so that a checksum is taken once.
    let opened: { readonly content: BatchContent | undefined } | undefined;
    const content = () => {
      opened ??= { content: open(whole, maxInflated) };
      return opened.content;
    };
    yield {
      firstOffset,
      next: firstOffset + 1 + lastDelta(whole),
      content,
      records: () => readRecords(content, firstOffset),
    };
    at += PREFIX + length;
  }
}

function lastDelta(batch: Uint8Array): number {
  return batch.length < OVERHEAD || batch[16] !== 2 ? 0 : Math.max(0, new WireReader(batch, 23).int32());
}

function open(batch: Uint8Array, maxInflated: number): BatchContent | undefined {
  if (batch.length < OVERHEAD) throw new RecordBatchError('it is too short');
  const reader = new WireReader(batch, PREFIX + 4);
  const magic = reader.int8();
  if (magic !== 2) throw new RecordBatchError(`it has the message format ${magic}`);
  const checksum = reader.uint32();
  if (crc32c(batch.subarray(21)) !== checksum) throw new RecordBatchError('its checksum is wrong');
  const attributes = reader.int16();
  reader.int32();
  const baseTime = reader.int64();
  const maxTime = reader.int64();
  reader.bytes(14);
  const count = reader.int32();
  if ((attributes & 0x20) !== 0) return undefined;
  const appendTime = (attributes & 0x08) !== 0;
  return {
    body: inflate(attributes & 0x07, batch.subarray(OVERHEAD), maxInflated),
    count,
    time: (delta) => (appendTime ? maxTime : baseTime + delta),
  };
}

function* readRecords(content: RecordBatch['content'], firstOffset: number): Generator<InRecord> {
  const opened = content();
  if (opened === undefined) return;
  const { count, time } = opened;
  const body = new WireReader(opened.body);
  for (let i = 0; i < count; i++) {
    const length = body.varint();
    const end = body.position + length;
    if (length < 0 || body.remaining < length) throw new RecordBatchError('a record ends early');
    body.int8();
    const timeDelta = body.varint();
    const offset = firstOffset + body.varint();
    const key = body.varBytes();
    const value = body.varBytes();
    const headers = readHeaders(body);
    if (body.position !== end) throw new RecordBatchError('a record has another length than it says');
    yield { offset, time: time(timeDelta), key, value, headers };
  }
}

function readHeaders(body: WireReader): Map<string, Uint8Array> {
  const count = body.varint();
  if (count < 0) throw new RecordBatchError('a record has a negative count of headers');
  const headers = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const name = body.varBytes();
    const value = body.varBytes();
    if (name === undefined || value === undefined || headers.size >= MAX_HEADERS) continue;
    const text = headerName(name);
    if (!headers.has(text)) headers.set(text, value);
  }
  return headers;
}

const KNOWN_NAMES = ['kind', 'lease', 'parent'];

/** The names of our own headers without making strings; `''` for names that are too long for any. */
function headerName(bytes: Uint8Array): string {
  for (const name of KNOWN_NAMES) {
    if (name.length !== bytes.length) continue;
    let same = true;
    for (let i = 0; same && i < bytes.length; i++) same = bytes[i] === name.charCodeAt(i);
    if (same) return name;
  }
  return bytes.length > 64 ? '' : String.fromCharCode(...bytes);
}

function inflate(codec: number, bytes: Uint8Array, maxInflated: number): Uint8Array {
  if (codec === 0) return bytes;
  if (codec !== 1) throw new RecordBatchError(`its compression ${codec} is not gzip`);
  try {
    const inflated = gunzipSync(bytes, { maxOutputLength: maxInflated });
    return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.byteLength);
  } catch (error) {
    throw new RecordBatchError('it cannot be decompressed', { cause: error });
  }
}
