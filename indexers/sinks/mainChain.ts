import { bytesEqual } from '../../proofs/bytes.js';
import { type MainHeader, MainHeaderType } from '../../proofs/containers/header.js';
import type { BlockRecord } from '../log/records.js';

/** Where a reader of the main chain's blocks stands. */
export interface MainTip {
  readonly height: number;
  /** The block's root. */
  readonly hash: Uint8Array;
}

/** A record's block, decoded. */
export interface MainBlock {
  readonly header: MainHeader;
  readonly height: number;
  readonly hash: Uint8Array;
  readonly record: BlockRecord;
}

/** @param record as a stream has decoded it, so that its header can be read */
export function mainBlock(record: BlockRecord): MainBlock {
  const header = MainHeaderType.deserialize(record.header);
  return { header, height: header.height, hash: MainHeaderType.hashTreeRoot(header), record };
}

/** What a block means to a reader that stands at `tip`. */
export type MainStep =
  /** The next one. */
  | { readonly type: 'next' }
  /** At or below the tip: published again, or another block than the one that was taken. */
  | { readonly type: 'old' }
  | { readonly type: 'refused'; readonly reason: string };

/**
 * The rule by which all readers of the stream agree: it begins with the genesis, each block builds on the one before, and the
 * first at a height is the one that counts.
 * @param genesisRoot of the main chain, where it is known
 */
export function mainStep(
  tip: MainTip | undefined,
  { header, height, hash }: MainBlock,
  genesisRoot?: Uint8Array,
): MainStep {
  if (genesisRoot !== undefined && !bytesEqual(header.genesisRoot, genesisRoot))
    return { type: 'refused', reason: 'it is of another main chain' };
  if (tip !== undefined && height <= tip.height) {
    if (height === tip.height && !bytesEqual(hash, tip.hash))
      return { type: 'refused', reason: `another block was published as final at height ${height}` };
    return { type: 'old' };
  }
  const expected = tip === undefined ? 0 : tip.height + 1;
  if (height !== expected)
    return { type: 'refused', reason: `it has height ${height} where ${expected} comes next` };
  if (tip !== undefined && !bytesEqual(header.parentRoot, tip.hash))
    return { type: 'refused', reason: `it builds on another block than the one at height ${tip.height}` };
  return { type: 'next' };
}
