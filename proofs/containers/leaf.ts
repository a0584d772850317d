import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { Bytes32, Count64, Uint8, Uint32 } from './primitives.js';

/** How a leaf is known, as in `Leaf.assurance`. */
export const Assurance = { work: 1, syncCommittee: 2, attested: 3, native: 4 } as const;
export type AssuranceCode = (typeof Assurance)[keyof typeof Assurance];

/** What is committed for one foreign block. Between 9 and 16 fields: its Merkle depth is always 4. */
export const LeafType = new ContainerType(
  {
    specRoot: Bytes32,
    height: Count64,
    /** Internal byte order, as all roots here. */
    blockHash: Bytes32,
    transactionsRoot: Bytes32,
    /** Zero where the chain has none. */
    receiptsRoot: Bytes32,
    /** Zero where the chain has none. */
    stateRoot: Bytes32,
    /** The block's own time, Unix seconds. */
    time: Count64,
    assurance: Uint8,
    policyVersion: Uint32,
    rulesVersion: Uint32,
    /** Main-chain height of the block that appended this leaf. */
    mainHeight: Count64,
  },
  { typeName: 'Leaf', jsonCase: 'eth2' },
);
export type Leaf = ValueOf<typeof LeafType>;
