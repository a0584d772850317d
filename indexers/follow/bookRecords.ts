import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { Bytes32, Count64, Uint8 } from '../../proofs/containers/primitives.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { readUint64, uint64 } from '../keys.js';

export const BOOK_VERSION = 1;

/** What a book knows besides headers. `hasTip` and `hasFinalized` are 0 or 1. */
export const BookStateType = new ContainerType(
  {
    version: Uint8,
    /** Number of the last event that is in the book. */
    applied: Count64,
    hasTip: Uint8,
    tipHeight: Count64,
    tipHash: Bytes32,
    hasFinalized: Uint8,
    finalizedHeight: Count64,
    finalizedHash: Bytes32,
  },
  { typeName: 'BookState', jsonCase: 'eth2' },
);
export type BookState = ValueOf<typeof BookStateType>;

/** @throws MalformedInputError */
export function decodeBookState(bytes: Uint8Array): BookState {
  if (bytes[0] !== BOOK_VERSION || bytes.length !== BookStateType.fixedSize)
    throw new MalformedInputError('header book state', `has the unknown version ${bytes[0] ?? 'none'}`);
  return BookStateType.deserialize(bytes);
}

/** A header as the book stores it, by hash. */
export interface BookHeader {
  readonly height: number;
  /** Total work up to and including it. */
  readonly work: bigint;
  readonly raw: Uint8Array;
}

/** `height (8) ‖ work (32, big-endian) ‖ raw`. */
export function encodeBookHeader({ height, work, raw }: BookHeader): Uint8Array {
  const out = new Uint8Array(40 + raw.length);
  out.set(uint64(height));
  const view = new DataView(out.buffer);
  for (let at = 32, rest = work; at >= 8 && rest > 0n; at -= 8, rest >>= 64n)
    view.setBigUint64(at, rest & 0xffff_ffff_ffff_ffffn);
  out.set(raw, 40);
  return out;
}

export function decodeBookHeader(bytes: Uint8Array): BookHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let work = 0n;
  for (let at = 8; at < 40; at += 8) work = (work << 64n) | view.getBigUint64(at);
  return { height: readUint64(bytes), work, raw: bytes.slice(40) };
}
