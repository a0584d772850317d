import { ByteListType, ContainerType, ListCompositeType, type Type, type ValueOf } from '@chainsafe/ssz';
import { PolicyType } from '../../proofs/containers/calls.js';
import { Bytes32, Count64, Uint8, Uint32, Uint64, Uint256 } from '../../proofs/containers/primitives.js';
import { ChainSpecType } from '../../proofs/containers/spec.js';
import type { StateReader } from '../state/view.js';

/** Values of the state, SSZ-encoded under `sha256(module ‖ 0x00 ‖ key)`. Part of consensus. */

/** `token`, key: the account. */
export const AccountRecordType = new ContainerType({ nonce: Count64, balance: Uint64 });
export type AccountRecord = ValueOf<typeof AccountRecordType>;

/** `delegates`, key `term`. */
export const TermRecordType = new ContainerType({ term: Count64, start: Count64, startSlot: Count64 });
export type TermRecord = ValueOf<typeof TermRecordType>;

/** `registry`, key `chain ‖ specRoot`. */
export const ChainRecordType = new ContainerType({
  spec: ChainSpecType,
  policy: PolicyType,
  policyVersion: Uint32,
  rulesVersion: Uint32,
  status: Uint8,
  /** In registration order, from 0. */
  position: Uint32,
});
export type ChainRecord = ValueOf<typeof ChainRecordType>;

const PeaksType = new ListCompositeType(Bytes32, 64);

/** `index`, key `chain ‖ specRoot`: a chain's header history and best branch. */
export const IndexRecordType = new ContainerType({
  epoch: Count64,
  start: Count64,
  size: Count64,
  peaks: PeaksType,
  /** Hash of the newest committed leaf's block. */
  committedHash: Bytes32,
  reorgCount: Count64,
  reorgPeaks: PeaksType,
  /** Oldest height whose header is in the state. */
  windowBase: Count64,
  tipHeight: Count64,
  tipHash: Bytes32,
  /** Total work up to the tip; zero where the kind knows no work. */
  tipWork: Uint256,
  /** Last committed attestation. */
  lastSeq: Count64,
  evidenceCount: Count64,
});
export type IndexRecord = ValueOf<typeof IndexRecordType>;

/** `index`, key `header ‖ specRoot ‖ height`: a header of the best branch, with the total work up to it. */
export const HeaderRecordType = new ContainerType({ work: Uint256, raw: new ByteListType(8192) });

/**
 * `index`, key `evidence ‖ specRoot ‖ number`: a reorganisation too deep to follow, or finality that contradicts a committed block.
 * Headers are stored by SHA-256. Without headers (`branchCount` 0) the other side is a signed light-client update.
 */
export const EvidenceRecordType = new ContainerType({
  forkHeight: Count64,
  /** SHA-256 of the raw headers of the other branch, one after another, from `forkHeight + 1`. */
  branchDigest: Bytes32,
  branchCount: Count64,
  branchWork: Uint256,
  branchTip: Bytes32,
  /** SHA-256 of the raw headers of our branch, from `windowBase`. */
  ownDigest: Bytes32,
  windowBase: Count64,
  ownTipHeight: Count64,
  ownTip: Bytes32,
  mainHeight: Count64,
});
export type EvidenceRecord = ValueOf<typeof EvidenceRecordType>;

export const CountRecordType = Count64;

/** The entry as a value, or `undefined`. */
export function readRecord<T>(
  state: StateReader,
  module: string,
  key: Uint8Array,
  type: Type<T>,
): T | undefined {
  const bytes = state.get(module, key);
  return bytes === undefined ? undefined : type.deserialize(bytes);
}
