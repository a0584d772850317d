import { ZERO32 } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import type { ForeignHeader } from '../../types.js';

/** A Bitcoin header is always 80 bytes: version, previous block, Merkle root, time, bits, nonce. */
export const HEADER_BYTES = 80;

const PARENT_AT = 4;
const ROOT_AT = 36;
const TIME_AT = 68;
const BITS_AT = 72;
const NONCE_AT = 76;

/** The parts of a header. Hashes in internal byte order. */
export interface HeaderParts {
  /** Signed 32 bits, as in the reference client. */
  readonly version: number;
  readonly parentHash: Uint8Array;
  readonly merkleRoot: Uint8Array;
  /** Unix seconds, unsigned 32 bits. */
  readonly time: number;
  /** Compact target. */
  readonly bits: number;
  readonly nonce: number;
}

/** Little-endian unsigned 32 bits. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)) >>>
    0
  );
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value >>> 0, true);
}

/** Version, signed, of the header that begins at `at`. */
export const versionAt = (bytes: Uint8Array, at = 0): number => readUint32(bytes, at) | 0;
/** Time of the header that begins at `at`, Unix seconds. */
export const timeAt = (bytes: Uint8Array, at = 0): number => readUint32(bytes, at + TIME_AT);
/** Compact target of the header that begins at `at`. */
export const bitsAt = (bytes: Uint8Array, at = 0): number => readUint32(bytes, at + BITS_AT);

/** Whether the header that begins at `at` names `hash` (internal byte order) as its parent. */
export function linksTo(bytes: Uint8Array, at: number, hash: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) if (bytes[at + PARENT_AT + i] !== hash[i]) return false;
  return true;
}

/** @throws MalformedInputError unless `raw` is 80 bytes. */
export function decodeHeader(raw: Uint8Array): HeaderParts {
  assertHeaderBytes(raw);
  return {
    version: versionAt(raw),
    parentHash: raw.slice(PARENT_AT, ROOT_AT),
    merkleRoot: raw.slice(ROOT_AT, TIME_AT),
    time: timeAt(raw),
    bits: bitsAt(raw),
    nonce: readUint32(raw, NONCE_AT),
  };
}

/** Inverse of `decodeHeader`: 80 bytes. */
export function encodeHeader(parts: HeaderParts): Uint8Array {
  const raw = new Uint8Array(HEADER_BYTES);
  writeUint32(raw, 0, parts.version);
  raw.set(parts.parentHash, PARENT_AT);
  raw.set(parts.merkleRoot, ROOT_AT);
  writeUint32(raw, TIME_AT, parts.time);
  writeUint32(raw, BITS_AT, parts.bits);
  writeUint32(raw, NONCE_AT, parts.nonce);
  return raw;
}

/**
 * Decodes and hashes an 80-byte header that is said to be at `height`.
 * @throws MalformedInputError unless `raw` is 80 bytes.
 */
export function foreignHeader(raw: Uint8Array, height: number): ForeignHeader {
  assertHeaderBytes(raw);
  return {
    height,
    hash: sha256d(raw),
    parentHash: raw.slice(PARENT_AT, ROOT_AT),
    transactionsRoot: raw.slice(ROOT_AT, TIME_AT),
    receiptsRoot: ZERO32,
    stateRoot: ZERO32,
    time: timeAt(raw),
    raw,
  };
}

/**
 * Splits headers written one after another.
 * @throws MalformedInputError on leftover bytes.
 */
export function splitHeaders(bytes: Uint8Array): Uint8Array[] {
  assertWholeHeaders(bytes);
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += HEADER_BYTES) out.push(bytes.slice(at, at + HEADER_BYTES));
  return out;
}

/** @throws MalformedInputError on leftover bytes. */
export function assertWholeHeaders(bytes: Uint8Array): void {
  if (bytes.length % HEADER_BYTES === 0) return;
  throw new MalformedInputError(
    'Bitcoin headers',
    `end with ${bytes.length % HEADER_BYTES} bytes that are no whole 80-byte header`,
  );
}

function assertHeaderBytes(raw: Uint8Array): void {
  if (raw.length !== HEADER_BYTES) {
    throw new MalformedInputError('Bitcoin header', `has ${raw.length} bytes, expected ${HEADER_BYTES}`);
  }
}
