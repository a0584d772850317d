import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { bytesEqual } from '../../../proofs/bytes.js';
import { ByteListType, ListCompositeType } from '../../../proofs/containers/lists.js';
import { Bytes32, Uint8, Uint32 } from '../../../proofs/containers/primitives.js';
import { ProofError } from '../../../proofs/errors/proof.js';

/** Stripped transactions are below a million bytes (Bitcoin Core `MAX_BLOCK_WEIGHT` / 4). */
export const MAX_TRANSACTION_BYTES = 1_000_000;
export const MAX_PROVEN_TRANSACTIONS = 2 ** 14;
export const MAX_NODES = 2 ** 18;

/**
 * Inclusion of transactions in one block. The coinbase is always proven too: every leaf is at the same depth, and a
 * coinbase cannot be taken for an inner node, so it pins the depth (CVE-2017-12842).
 */
export const BitcoinInclusionType = new ContainerType(
  {
    /** Levels between a transaction and the Merkle root; 0 in a block of one transaction. */
    depth: Uint8,
    /** Stripped coinbase transaction; empty exactly if the first proven transaction is the coinbase. */
    coinbase: new ByteListType(MAX_TRANSACTION_BYTES),
    /** Ascending by index; `raw` in stripped form. */
    transactions: new ListCompositeType(
      new ContainerType({ index: Uint32, raw: new ByteListType(MAX_TRANSACTION_BYTES) }),
      MAX_PROVEN_TRANSACTIONS,
    ),
    /**
     * Roots of all subtrees without a proven transaction (coinbase included), each once, left to right as a walk
     * from the root meets them. Internal byte order.
     */
    nodes: new ListCompositeType(Bytes32, MAX_NODES),
  },
  { typeName: 'BitcoinInclusion', jsonCase: 'eth2' },
);
export type BitcoinInclusion = ValueOf<typeof BitcoinInclusionType>;

/** Witnesses are below the block's whole weight (Bitcoin Core `MAX_BLOCK_WEIGHT`). */
export const MAX_WITNESS_BYTES = 4_000_000;
/** Nodes that two leaves of a tree of 24 levels need at most. */
export const MAX_WITNESS_NODES = 48;

/** One input or output of one transaction of a block. */
export const BitcoinPartType = new ContainerType(
  {
    /** Which input or output, from 0. */
    index: Uint32,
    /** What fixes that place and what is there (`partId`): else a proof whose index was changed would be a good proof of another part. */
    id: Bytes32,
    /** Of exactly one transaction. */
    inclusion: BitcoinInclusionType,
  },
  { typeName: 'BitcoinPart', jsonCase: 'eth2' },
);
export type BitcoinPart = ValueOf<typeof BitcoinPartType>;

/**
 * One transaction of a block with its witness (BIP141). Its place is that of the inclusion, in both trees, and both
 * trees have the same depth.
 */
export const BitcoinWitnessType = new ContainerType(
  {
    /** Of exactly one transaction, which is not the coinbase. */
    inclusion: BitcoinInclusionType,
    /** The inputs' witness stacks as they are serialised (BIP144); empty for a transaction without witness. */
    witness: new ByteListType(MAX_WITNESS_BYTES),
    /** The only item of the coinbase's witness. */
    reserved: Bytes32,
    /** As `nodes` of the inclusion, in the tree of wtxids, whose first leaf is zero. */
    nodes: new ListCompositeType(Bytes32, MAX_WITNESS_NODES),
  },
  { typeName: 'BitcoinWitness', jsonCase: 'eth2' },
);
export type BitcoinWitness = ValueOf<typeof BitcoinWitnessType>;

/** Strict inverse of the SSZ encoding. @throws ProofError `malformed` | `non-canonical` */
export function decodeInclusion(bytes: Uint8Array): BitcoinInclusion {
  let inclusion: BitcoinInclusion;
  try {
    inclusion = BitcoinInclusionType.deserialize(bytes);
  } catch (error) {
    throw new ProofError('malformed', 'Bitcoin inclusion does not decode', error);
  }
  if (!bytesEqual(BitcoinInclusionType.serialize(inclusion), bytes)) {
    throw new ProofError('non-canonical', 'Bitcoin inclusion is not in its one encoding');
  }
  return inclusion;
}
