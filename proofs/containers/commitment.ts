import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { Bytes32, Count64, Uint8, Uint32 } from './primitives.js';

export const ChainStatus = { active: 1, paused: 2 } as const;

/** One chain's entry under a main-chain header's index root. Between 9 and 16 fields: depth 4. */
export const CommitmentType = new ContainerType(
  {
    specRoot: Bytes32,
    status: Uint8,
    /** Counts truncations of the history. */
    epoch: Count64,
    /** Height of the history's first leaf. */
    start: Count64,
    /** Number of leaves. */
    size: Count64,
    /** `historyRoot({start, size, peaks})`. */
    historyRoot: Bytes32,
    /** Height and hash of the best known foreign header, committed or not yet. */
    tipHeight: Count64,
    tipHash: Bytes32,
    /** Root of the reorg history: a history with start 0 whose leaves are `Reorg` roots. */
    reorgRoot: Bytes32,
    reorgCount: Count64,
    policyVersion: Uint32,
  },
  { typeName: 'Commitment', jsonCase: 'eth2' },
);
export type Commitment = ValueOf<typeof CommitmentType>;

/** A truncation of a chain's history, kept for ever. */
export const ReorgType = new ContainerType(
  {
    specRoot: Bytes32,
    /** The last height that both branches share. Leaves above it were truncated. */
    forkHeight: Count64,
    /** Epoch that the truncation began. */
    epoch: Count64,
    oldSize: Count64,
    oldRoot: Bytes32,
    oldTipHeight: Count64,
    oldTipHash: Bytes32,
    newTipHeight: Count64,
    newTipHash: Bytes32,
    /** Main-chain height of the block that truncated. */
    mainHeight: Count64,
  },
  { typeName: 'Reorg', jsonCase: 'eth2' },
);
export type Reorg = ValueOf<typeof ReorgType>;
