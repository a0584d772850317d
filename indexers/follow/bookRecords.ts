import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { concatBytes } from '../../proofs/bytes.js';
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
export function encodeBookHeader(header: BookHeader): Uint8Array {
  const work = new Uint8Array(32);
  let rest = header.work;
  for (let i = 31; i >= 0 && rest > 0n; i--) {
    work[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return concatBytes(uint64(header.height), work, header.raw);
}

export function decodeBookHeader(bytes: Uint8Array): BookHeader {
  let work = 0n;
  for (const byte of bytes.subarray(8, 40)) work = (work << 8n) | BigInt(byte);
  return { height: readUint64(bytes), work, raw: bytes.slice(40) };
}
