import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { ReorgType } from './commitment.js';
import { DelegateSetType, MAX_DELEGATES } from './consensus.js';
import { MainHeaderType } from './header.js';
import { BitListType, ByteListType, ListCompositeType } from './lists.js';
import { BlsSignature, Bytes32, Count64, Uint8, Uint32 } from './primitives.js';
import { CheckpointType, MAX_CHAIN_NAME } from './spec.js';

export const PROOF_VERSION = 1;
/** Longest path of a history: 63 levels, bagged right, left peaks. */
export const MAX_HISTORY_PATH = 128;
export const MAX_PAYLOAD_BYTES = 2 ** 23;
export const MAX_HANDOVERS = 64;

export const HashPathType = new ListCompositeType(Bytes32, MAX_HISTORY_PATH);

/** Which foreign chain: the verifier completes it to a `ChainSpec` with its own network data. */
export const ChainRefType = new ContainerType(
  { name: new ByteListType(MAX_CHAIN_NAME), checkpoint: CheckpointType },
  { typeName: 'ChainRef', jsonCase: 'eth2' },
);
export type ChainRef = ValueOf<typeof ChainRefType>;

/**
 * A certificate without what its context fixes. The vote's source is the header it belongs to, its target has
 * the next height, and its set root is that of `term`, which is the header's term or the one after it.
 */
export const CompactCertificateType = new ContainerType(
  { term: Count64, targetRoot: Bytes32, bits: new BitListType(MAX_DELEGATES), signature: BlsSignature },
  { typeName: 'CompactCertificate', jsonCase: 'eth2' },
);
export type CompactCertificate = ValueOf<typeof CompactCertificateType>;

/**
 * From one term's delegates to the next: a header of the old term at or after its nominal end, finalised by the
 * old set, and the members whose set root is the header's `nextSetRoot`.
 */
export const HandoverType = new ContainerType(
  { header: MainHeaderType, certificate: CompactCertificateType, members: DelegateSetType },
  { typeName: 'Handover', jsonCase: 'eth2' },
);
export type Handover = ValueOf<typeof HandoverType>;

/** A newer finalised header and the path of the older one in its history root. */
export const AncestryType = new ContainerType(
  { header: MainHeaderType, path: HashPathType },
  { typeName: 'Ancestry', jsonCase: 'eth2' },
);
export type Ancestry = ValueOf<typeof AncestryType>;

/** From a commitment to a certificate. */
export const AnchorType = new ContainerType(
  {
    /** Position and number of commitments under the index root, and the path between. */
    indexPosition: Uint32,
    indexSize: Uint32,
    indexPath: HashPathType,
    /** The header whose index root is used: every verdict is as of its height. */
    header: MainHeaderType,
    /** Empty if `header` itself is certified; else the certified newer header. */
    ancestry: new ListCompositeType(AncestryType, 1),
    certificate: CompactCertificateType,
    /** Consecutive terms, oldest first. */
    handovers: new ListCompositeType(HandoverType, MAX_HANDOVERS),
  },
  { typeName: 'Anchor', jsonCase: 'eth2' },
);
export type Anchor = ValueOf<typeof AnchorType>;

/** `Commitment` without its spec root and history root, which the verifier computes. */
export const LeafCommitmentType = new ContainerType(
  {
    status: Uint8,
    epoch: Count64,
    start: Count64,
    size: Count64,
    tipHeight: Count64,
    tipHash: Bytes32,
    reorgRoot: Bytes32,
    reorgCount: Count64,
    policyVersion: Uint32,
  },
  { typeName: 'LeafCommitment', jsonCase: 'eth2' },
);
export type LeafCommitment = ValueOf<typeof LeafCommitmentType>;

/** `Leaf` without its spec root. */
export const CompactLeafType = new ContainerType(
  {
    height: Count64,
    blockHash: Bytes32,
    transactionsRoot: Bytes32,
    receiptsRoot: Bytes32,
    stateRoot: Bytes32,
    time: Count64,
    assurance: Uint8,
    policyVersion: Uint32,
    rulesVersion: Uint32,
    mainHeight: Count64,
  },
  { typeName: 'CompactLeaf', jsonCase: 'eth2' },
);
export type CompactLeaf = ValueOf<typeof CompactLeafType>;

/** A leaf, its history path, its commitment, and the anchor: what the main-chain node answers for a block. */
export const LeafAnchorType = new ContainerType(
  {
    chain: ChainRefType,
    leaf: CompactLeafType,
    historyPath: HashPathType,
    commitment: LeafCommitmentType,
    anchor: AnchorType,
  },
  { typeName: 'LeafAnchor', jsonCase: 'eth2' },
);
export type LeafAnchor = ValueOf<typeof LeafAnchorType>;

/** A reorg entry, its path in the reorg history, its commitment (without spec root and reorg root), and the anchor. */
export const ReorgAnchorType = new ContainerType(
  {
    chain: ChainRefType,
    /** Position in the reorg history, from 0. */
    index: Count64,
    reorg: ReorgType,
    reorgPath: HashPathType,
    commitment: new ContainerType({
      status: Uint8,
      epoch: Count64,
      start: Count64,
      size: Count64,
      historyRoot: Bytes32,
      tipHeight: Count64,
      tipHash: Bytes32,
      reorgCount: Count64,
      policyVersion: Uint32,
    }),
    anchor: AnchorType,
  },
  { typeName: 'ReorgAnchor', jsonCase: 'eth2' },
);
export type ReorgAnchor = ValueOf<typeof ReorgAnchorType>;

/** Body of an anchored proof: of every kind but `reorg`, `bitcoinInclusion` and `unanchored`. */
export const AnchoredProofType = new ContainerType(
  { genesisRoot: Bytes32, leafAnchor: LeafAnchorType, payload: new ByteListType(MAX_PAYLOAD_BYTES) },
  { typeName: 'AnchoredProof', jsonCase: 'eth2' },
);

/** Body of kind `reorg`: that leaves above a height were truncated. */
export const ReorgProofType = new ContainerType(
  { genesisRoot: Bytes32, reorgAnchor: ReorgAnchorType },
  { typeName: 'ReorgProof', jsonCase: 'eth2' },
);

/** Body of kind `bitcoinInclusion`: no main chain vouches for the block. */
export const InclusionProofType = new ContainerType(
  {
    chain: new ByteListType(MAX_CHAIN_NAME),
    /** The block's raw header. */
    header: new ByteListType(8192),
    payload: new ByteListType(MAX_PAYLOAD_BYTES),
  },
  { typeName: 'InclusionProof', jsonCase: 'eth2' },
);

/** Body of kind `unanchored`: a payload of any other kind about a block that no main chain vouches for. */
export const UnanchoredProofType = new ContainerType(
  {
    chain: new ByteListType(MAX_CHAIN_NAME),
    /** The block's raw header. */
    header: new ByteListType(8192),
    /** `ProofKind` that the payload is of: one of the anchored kinds. */
    payloadKind: Uint8,
    payload: new ByteListType(MAX_PAYLOAD_BYTES),
  },
  { typeName: 'UnanchoredProof', jsonCase: 'eth2' },
);

/** What a proof is about. Never reused. */
export const ProofKind = {
  bitcoinTransaction: 1,
  ethereumTransaction: 2,
  ethereumReceipt: 3,
  ethereumLog: 4,
  reorg: 5,
  /** Inclusion in a block that no main chain vouches for. */
  bitcoinInclusion: 6,
  /** Transactions of one block. */
  bitcoinTransactions: 7,
  /** A transaction with its witness (BIP141). */
  bitcoinWitness: 8,
  bitcoinOutput: 9,
  /** That an input spends an output. */
  bitcoinSpend: 10,
  /** What an OP_RETURN output carries. */
  bitcoinData: 11,
  /** Any of the anchored kinds' payloads, in a block that no main chain vouches for. */
  unanchored: 12,
  /** Transactions, receipts and logs of one block. */
  ethereumSeveral: 13,
  /** How many transactions or withdrawals a block has. */
  ethereumCount: 14,
  /** A log with its place among all logs of its block. */
  ethereumBlockLog: 15,
  /** An account of a block's state, or that there is none. */
  ethereumAccount: 16,
  /** Storage slots of an account, empty ones too. */
  ethereumStorage: 17,
  /** A contract's code. */
  ethereumCode: 18,
  /** A withdrawal from the beacon chain (EIP-4895), or that there is none at that place. */
  ethereumWithdrawal: 19,
  /** All logs of some contracts and topics in one or more consecutive blocks. */
  ethereumLogs: 20,
} as const;
export type ProofKindCode = (typeof ProofKind)[keyof typeof ProofKind];
