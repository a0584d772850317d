import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { Bytes32, Count64, Uint16, Uint32 } from './primitives.js';

/** Version that this code writes and reads. */
export const HEADER_VERSION = 1;

/** A main-chain block header. Between 17 and 32 fields: depth 5. */
export const MainHeaderType = new ContainerType(
  {
    version: Uint32,
    genesisRoot: Bytes32,
    height: Count64,
    slot: Count64,
    term: Count64,
    /** Height of the term's first block. */
    termStart: Count64,
    /** Round within the term. */
    round: Count64,
    /** Turn within the round. */
    position: Uint16,
    /** Index of the producer in the term's delegate set. */
    producer: Uint16,
    parentRoot: Bytes32,
    transactionsRoot: Bytes32,
    receiptsRoot: Bytes32,
    /** State after this block. */
    stateRoot: Bytes32,
    /** `historyRoot` over all commitments in registration order (start 0). */
    indexRoot: Bytes32,
    /** `historyRoot` over the roots of all blocks before this one (start 0, size = height). */
    historyRoot: Bytes32,
    setRoot: Bytes32,
    /** Set of the next term; final from height `termStart + termBlocks - 1` on. */
    nextSetRoot: Bytes32,
    /** Root of the certificate carried in the body; zero if there is none. */
    certificateRoot: Bytes32,
    /** A chain's custom area. */
    extra: Bytes32,
  },
  { typeName: 'MainHeader', jsonCase: 'eth2' },
);
export type MainHeader = ValueOf<typeof MainHeaderType>;
