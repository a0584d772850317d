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
