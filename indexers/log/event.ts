import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual, utf8 } from '../../proofs/bytes.js';
import { MAX_CHAIN_NAME } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';

export const EventType = { connect: 1, disconnect: 2, finalize: 3 } as const;
export type EventName = keyof typeof EventType;

/** What happened to one header of one chain. */
export interface EventInput {
  readonly type: EventName;
  readonly height: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
  /** The header's own time, Unix seconds. */
  readonly time: number;
  /** The header as it is hashed. */
  readonly raw: Uint8Array;
}

/** An event as the log has it. */
export interface ChainEvent extends EventInput {
  readonly chain: string;
  /** From 1, without gaps, per chain. */
  readonly number: number;
  /** Of the producer lease under which it was written. */
  readonly epoch: number;
}

/** First byte of a record. */
export const EVENT_VERSION = 1;

/**
 * The container in SSZ, laid out by hand: this is on the way of every header, and the layout is fixed. The test compares it
 * with the library's.
 */
const FIXED_BYTES = 105;
const MAX_RAW_BYTES = 8192;
const At = {
  chain: 0,
  number: 4,
  epoch: 12,
  type: 20,
  height: 21,
  hash: 29,
  parentHash: 61,
  time: 93,
  raw: 101,
} as const;

/** `version ‖ SSZ`. @throws RangeError for what does not fit */
export function encodeEvent(event: ChainEvent): Uint8Array {
  const [record] = encodeEvents(event.chain, event.epoch, event.number, [event]);
  return record ?? new Uint8Array();
}

/**
 * Records of events with consecutive numbers, each as `encodeEvent` writes it: views of one buffer, which is several times
 * cheaper than a buffer each.
 * @param first number of the first
 * @throws RangeError for what does not fit
 */
export function encodeEvents(
  chain: string,
  epoch: number,
  first: number,
  events: readonly EventInput[],
): Uint8Array[] {
  const name = utf8(chain);
  if (name.length > MAX_CHAIN_NAME) throw new RangeError(`the name of chain ${chain} is too long`);
  let total = 0;
  for (const event of events) total += recordSize(name, event);
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  let at = 0;
  return events.map((event, i) => {
    const start = at;
    at = putEvent(out, view, start, event, { name, epoch, number: first + i });
    return out.subarray(start, at);
  });
}

/** Bytes of an event's record. @param name of the chain, UTF-8 */
export function recordSize(name: Uint8Array, { raw }: EventInput): number {
  return 1 + FIXED_BYTES + name.length + raw.length;
}

/**
 * Writes a record as `encodeEvent` does into a larger buffer.
 * @param view of all of `out`
 * @param of the chain's name in UTF-8, the lease's epoch, and the event's number
 * @returns the place after it
 * @throws RangeError for what does not fit
 */
export function putEvent(
  out: Uint8Array,
  view: DataView,
  start: number,
  { raw, hash, parentHash, type, height, time }: EventInput,
  of: { readonly name: Uint8Array; readonly epoch: number; readonly number: number },
): number {
  if (raw.length > MAX_RAW_BYTES || hash.length !== 32 || parentHash.length !== 32)
    throw new RangeError(`event ${of.number} does not fit its record`);
  if (undoesGenesis(type, height)) throw new RangeError(`event ${of.number} disconnects height 0`);
  out[start] = EVENT_VERSION;
  const at = start + 1;
  const rawAt = FIXED_BYTES + of.name.length;
  view.setUint32(at + At.chain, FIXED_BYTES, true);
  setCount(view, at + At.number, of.number);
  setCount(view, at + At.epoch, of.epoch);
  view.setUint8(at + At.type, EventType[type]);
  setCount(view, at + At.height, height);
  out.set(hash, at + At.hash);
  out.set(parentHash, at + At.parentHash);
  setCount(view, at + At.time, time);
  view.setUint32(at + At.raw, rawAt, true);
  out.set(of.name, at + FIXED_BYTES);
  out.set(raw, at + rawAt);
  return at + rawAt + raw.length;
}

/** What it returns are views of `bytes`. @throws MalformedInputError */
export function decodeEvent(bytes: Uint8Array): ChainEvent {
  if (bytes[0] !== EVENT_VERSION)
    throw new MalformedInputError('log event', `has the unknown version ${bytes[0] ?? 'none'}`);
  if (bytes.length < 1 + FIXED_BYTES) throw new MalformedInputError('log event', 'is too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1);
  const rawAt = view.getUint32(At.raw, true);
  const chainLength = rawAt - FIXED_BYTES;
  const rawLength = bytes.length - 1 - rawAt;
  if (view.getUint32(At.chain, true) !== FIXED_BYTES || chainLength < 0 || rawLength < 0)
    throw new MalformedInputError('log event', 'has wrong offsets');
  if (chainLength > MAX_CHAIN_NAME || rawLength > MAX_RAW_BYTES)
    throw new MalformedInputError('log event', 'has a field that is too long');
  const code = view.getUint8(At.type);
  const type = eventName(code);
  if (type === undefined) throw new MalformedInputError('log event', `has the unknown type ${code}`);
  const height = getCount(view, At.height);
  if (undoesGenesis(type, height)) throw new MalformedInputError('log event', 'disconnects height 0');
  return {
    chain: chainName(bytes.subarray(1 + FIXED_BYTES, 1 + rawAt)),
    number: getCount(view, At.number),
    epoch: getCount(view, At.epoch),
    type,
    height,
    hash: bytes.subarray(1 + At.hash, 1 + At.hash + 32),
    parentHash: bytes.subarray(1 + At.parentHash, 1 + At.parentHash + 32),
    time: getCount(view, At.time),
    raw: bytes.subarray(1 + rawAt),
  };
}

/** A disconnected header leaves its parent as the tip; a chain's first header has none that a log could name. */
function undoesGenesis(type: EventName, height: number): boolean {
  return type === 'disconnect' && height === 0;
}

function setCount(view: DataView, at: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a 64-bit count: ${value}`);
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function getCount(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  if (!Number.isSafeInteger(value)) throw new MalformedInputError('log event', 'has a number beyond 2^53');
  return value;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The name that was decoded last: nearly always the next one too. */
let newest: { readonly bytes: Uint8Array; readonly text: string } | undefined;

function chainName(bytes: Uint8Array): string {
  if (newest !== undefined && bytesEqual(newest.bytes, bytes)) return newest.text;
  newest = { bytes: bytes.slice(), text: spelled(bytes) };
  return newest.text;
}

/** Names are ASCII nearly always, and short; this is several times faster than a decoder. */
function spelled(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte >= 0x80) return decodeName(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

function decodeName(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new MalformedInputError('log event', 'has a chain name that is not UTF-8', error);
  }
}

/** The event of `type` for a header. */
export function eventOf(type: EventName, header: ForeignHeader): EventInput {
  const { height, hash, parentHash, time, raw } = header;
  return { type, height, hash, parentHash, time, raw };
}

function eventName(code: number): EventName | undefined {
  if (code === EventType.connect) return 'connect';
  if (code === EventType.disconnect) return 'disconnect';
  return code === EventType.finalize ? 'finalize' : undefined;
}
