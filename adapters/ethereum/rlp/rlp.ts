import { MalformedInputError } from '../../../proofs/errors/input.js';

/** A decoded RLP item: bytes, or a list. */
export type RlpItem = Uint8Array | readonly RlpItem[];

/** Nesting beyond which input is refused. */
const MAX_DEPTH = 16;
/**
 * Items beyond which input is refused: more than any block has. Proofs are read before they are checked, and an item of one byte
 * costs some two hundred in memory.
 */
const MAX_ITEMS = 2 ** 20;

interface Span {
  /** Where the payload begins and ends. */
  readonly from: number;
  readonly to: number;
  readonly isList: boolean;
}

/** The header of the item at `at`. Only the one shortest form is accepted (Yellow Paper, appendix B). */
function readSpan(bytes: Uint8Array, at: number, end: number): Span {
  const first = bytes[at];
  if (first === undefined || at >= end) throw malformed('ends too early');
  if (first < 0x80) return { from: at, to: at + 1, isList: false };
  const isList = first >= 0xc0;
  const short = first - (isList ? 0xc0 : 0x80);
  if (short <= 55) {
    const span = { from: at + 1, to: at + 1 + short, isList };
    if (span.to > end) throw malformed('ends too early');
    if (!isList && short === 1 && (bytes[at + 1] ?? 0) < 0x80)
      throw malformed('has a byte below 0x80 with a length');
    return span;
  }
  const lengthBytes = short - 55;
  let length = 0;
  for (let i = 1; i <= lengthBytes; i++) length = length * 256 + (bytes[at + i] ?? 0);
  if (lengthBytes > 4 || at + 1 + lengthBytes > end || bytes[at + 1] === 0 || length <= 55) {
    throw malformed('has a length that is not in its shortest form');
  }
  const from = at + 1 + lengthBytes;
  if (from + length > end) throw malformed('ends too early');
  return { from, to: from + length, isList };
}

/** Decodes exactly one item. @throws MalformedInputError for anything but the one valid encoding */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  const span = readSpan(bytes, 0, bytes.length);
  if (span.to !== bytes.length) throw malformed('has trailing bytes');
  return readItem(bytes, span, 0, { items: 0 });
}

function readItem(bytes: Uint8Array, span: Span, depth: number, seen: { items: number }): RlpItem {
  if (++seen.items > MAX_ITEMS) throw malformed(`has more than ${MAX_ITEMS} items`);
  if (!span.isList) return bytes.slice(span.from, span.to);
  if (depth >= MAX_DEPTH) throw malformed(`is nested deeper than ${MAX_DEPTH}`);
  const items: RlpItem[] = [];
  for (let at = span.from; at < span.to; ) {
    const item = readSpan(bytes, at, span.to);
    items.push(readItem(bytes, item, depth + 1, seen));
    at = item.to;
  }
  return items;
}

/**
 * Cuts items written one after another, without decoding them.
 * @param least bytes of the shortest one, which limits how many there are
 * @throws MalformedInputError
 */
export function splitRlp(bytes: Uint8Array, least = 1): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const span = readSpan(bytes, at, bytes.length);
    if (span.to - at < least) throw malformed(`has an item of ${span.to - at} bytes, fewer than ${least}`);
    parts.push(bytes.slice(at, span.to));
    at = span.to;
  }
  return parts;
}

export function encodeRlp(item: RlpItem): Uint8Array {
  const parts: Uint8Array[] = [];
  const size = sizeOf(item);
  write(item, parts);
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function isBytes(item: RlpItem): item is Uint8Array {
  return item instanceof Uint8Array;
}

function payloadSize(item: RlpItem): number {
  if (isBytes(item)) return item.length;
  let size = 0;
  for (const part of item) size += sizeOf(part);
  return size;
}

function sizeOf(item: RlpItem): number {
  const size = payloadSize(item);
  if (isBytes(item) && size === 1 && (item[0] ?? 0) < 0x80) return 1;
  return size + 1 + (size <= 55 ? 0 : bytesOf(size).length);
}

function write(item: RlpItem, out: Uint8Array[]): void {
  const size = payloadSize(item);
  const offset = isBytes(item) ? 0x80 : 0xc0;
  if (!(isBytes(item) && size === 1 && (item[0] ?? 0) < 0x80)) {
    const length = bytesOf(size);
    out.push(
      size <= 55 ? Uint8Array.of(offset + size) : Uint8Array.of(offset + 55 + length.length, ...length),
    );
  }
  if (isBytes(item)) out.push(item);
  else for (const part of item) write(part, out);
}

function bytesOf(n: number): number[] {
  const bytes: number[] = [];
  for (let rest = n; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes;
}

function malformed(problem: string): MalformedInputError {
  return new MalformedInputError('RLP', problem);
}
