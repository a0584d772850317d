import type { ForeignHeader } from '../../adapters/types.js';
import { concatBytes } from '../../proofs/bytes.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import type { StateWriter } from '../state/overlay.js';
import type { StateReader } from '../state/view.js';
import type { Branch } from './branch.js';
import { writeChain } from './chains.js';
import type { BlockContext } from './context.js';
import { writeIndex } from './histories.js';
import { countKey, Module, recordKey } from './keys.js';
import { type ChainRecord, type EvidenceRecord, EvidenceRecordType, readRecord } from './records.js';

/** A branch that contradicts the best one. */
export interface OtherBranch {
  /** Last height that both share. */
  readonly forkHeight: number;
  readonly run: readonly ForeignHeader[];
  readonly work: bigint;
}

/** The same as it is kept; or what a chain's own committee signed of it, without any header. */
export interface Contradiction {
  readonly forkHeight: number;
  /** Raw headers one after another, or the signed data. */
  readonly raw: Uint8Array;
  /** Number of headers. */
  readonly count: number;
  /** Hash of its newest block. */
  readonly tip: Uint8Array;
  readonly work: bigint;
}

function contradictionOf({ forkHeight, run, work }: OtherBranch): Contradiction {
  const raw = concatBytes(...run.map((header) => header.raw));
  return { forkHeight, raw, count: run.length, tip: run.at(-1)?.hash ?? new Uint8Array(32), work };
}

/** Pauses a chain whose branch is contradicted in a way that cannot be followed, and keeps both sides. Nothing is truncated. */
export function pauseWithEvidence(
  state: StateWriter,
  context: BlockContext,
  chain: ChainRecord,
  branch: Branch,
  shown: OtherBranch | Contradiction,
): void {
  const { record, specRoot } = branch;
  const other = 'run' in shown ? contradictionOf(shown) : shown;
  const theirs = other.raw;
  const own: Uint8Array[] = [];
  for (let height = record.windowBase; height <= record.tipHeight; height++) {
    const header = branch.header(height);
    if (header !== undefined) own.push(header.raw);
  }
  const ours = concatBytes(...own);
  const evidence: EvidenceRecord = {
    forkHeight: other.forkHeight,
    branchDigest: sha256(theirs),
    branchCount: other.count,
    branchWork: other.work,
    branchTip: other.tip,
    ownDigest: sha256(ours),
    windowBase: record.windowBase,
    ownTipHeight: record.tipHeight,
    ownTip: record.tipHash,
    mainHeight: context.height,
  };
  state.nodes.put(evidence.branchDigest, theirs);
  state.nodes.put(evidence.ownDigest, ours);
  const key = recordKey('evidence', specRoot, countKey(record.evidenceCount));
  state.set(Module.index, key, EvidenceRecordType.serialize(evidence));
  writeIndex(state, specRoot, { ...record, evidenceCount: record.evidenceCount + 1 });
  writeChain(state, specRoot, { ...chain, status: ChainStatus.paused });
}

/** Evidence number `index` (from 0) of a chain; the raw headers are nodes by their digests. */
export function readEvidence(
  state: StateReader,
  specRoot: Uint8Array,
  index: number,
): EvidenceRecord | undefined {
  return readRecord(
    state,
    Module.index,
    recordKey('evidence', specRoot, countKey(index)),
    EvidenceRecordType,
  );
}
