import { ByteVectorType, ContainerType, type ValueOf } from '@chainsafe/ssz';
import { concatBytes, ZERO32 } from '../../../proofs/bytes.js';
import { Bytes32, Count64, Uint8 } from '../../../proofs/containers/primitives.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { sha256 } from '../../../proofs/hash/hasher.js';
import { EMPTY_FOLD, type FoldState } from './fold.js';
import { HOLDER_BYTES } from './messages.js';
import type { InRecord } from './recordBatch.js';

/** How far a chain's topic has been read into the local store, and what it amounted to. */
export interface MirrorState {
  readonly fold: FoldState;
  /** Offset of the next record to read. */
  readonly next: number;
  /** Of the newest record that was read, to know the topic again. */
  readonly anchor: { readonly offset: number; readonly digest: Uint8Array } | undefined;
  /** Broker's time of the newest event, Unix milliseconds; never runs back. */
  readonly time: number;
}

export const EMPTY_MIRROR: MirrorState = { fold: EMPTY_FOLD, next: 0, anchor: undefined, time: 0 };

/**
 * Rises when the same records would amount to something else, or lie elsewhere in the store; a mirror of another version is
 * filled anew.
 */
export const FOLD_VERSION = 2;

/** Tells a record from one in the same place of another topic: its lease has random bytes. */
export function anchorDigest({ value, headers }: InRecord): Uint8Array {
  const none = new Uint8Array();
  return sha256(concatBytes(headers.get('lease') ?? none, value ?? none));
}

const MirrorStateType = new ContainerType(
  {
    version: Uint8,
    next: Count64,
    epoch: Count64,
    hasHolder: Uint8,
    holder: new ByteVectorType(HOLDER_BYTES),
    number: Count64,
    hasTip: Uint8,
    tipHeight: Count64,
    tipHash: Bytes32,
    first: Count64,
    /** Offset of the newest event, and 1. */
    offset: Count64,
    hasAnchor: Uint8,
    anchorOffset: Count64,
    anchorDigest: Bytes32,
    time: Count64,
  },
  { typeName: 'MirrorState', jsonCase: 'eth2' },
);

export function encodeMirrorState({ fold, next, anchor, time }: MirrorState): Uint8Array {
  return MirrorStateType.serialize({
    version: FOLD_VERSION,
    next,
    epoch: fold.epoch,
    hasHolder: fold.holder === undefined ? 0 : 1,
    holder: fold.holder ?? new Uint8Array(HOLDER_BYTES),
    number: fold.number,
    hasTip: fold.tip === undefined ? 0 : 1,
    tipHeight: fold.tip?.height ?? 0,
    tipHash: fold.tip?.hash ?? ZERO32,
    first: fold.first,
    offset: fold.offset + 1,
    hasAnchor: anchor === undefined ? 0 : 1,
    anchorOffset: anchor?.offset ?? 0,
    anchorDigest: anchor?.digest ?? ZERO32,
    time,
  });
}

/** @returns `undefined` for another version's. @throws MalformedInputError */
export function decodeMirrorState(bytes: Uint8Array): MirrorState | undefined {
  if (bytes[0] !== FOLD_VERSION) return undefined;
  let read: ValueOf<typeof MirrorStateType>;
  try {
    read = MirrorStateType.deserialize(bytes);
  } catch (error) {
    throw new MalformedInputError('mirror state', 'cannot be decoded', error);
  }
  const { epoch, number, first, next, time } = read;
  return {
    fold: {
      epoch,
      number,
      first,
      holder: read.hasHolder === 1 ? read.holder : undefined,
      tip: read.hasTip === 1 ? { height: read.tipHeight, hash: read.tipHash } : undefined,
      offset: read.offset - 1,
    },
    next,
    time,
    anchor: read.hasAnchor === 1 ? { offset: read.anchorOffset, digest: read.anchorDigest } : undefined,
  };
}
