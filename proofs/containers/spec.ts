import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { ByteListType } from './lists.js';
import { Bytes32, Count64, Uint8, Uint32, Uint256 } from './primitives.js';

/** Codes of the kinds of foreign chain, as in `ChainSpec.kind`. Never reused. */
export const ChainKindCode = { bitcoin: 1, ethereum: 2 } as const;

/**
 * Where a chain's header history begins: a block taken on trust. A chain followed from its genesis has its
 * genesis block here.
 */
export const CheckpointType = new ContainerType(
  {
    height: Count64,
    /** Block hash, internal byte order. */
    hash: Bytes32,
    /** Total work up to and including this block; zero where the kind knows no work. */
    work: Uint256,
    /** Bitcoin: time of the first block of the retarget period that this block is in; else zero. */
    periodStartTime: Uint32,
    /** Bitcoin: compact target of that first block (BIP94 retargets from it); else zero. */
    periodStartBits: Uint32,
  },
  { typeName: 'Checkpoint', jsonCase: 'eth2' },
);
export type Checkpoint = ValueOf<typeof CheckpointType>;

export const MAX_CHAIN_NAME = 64;
export const MAX_PARAMETERS = 1024;

/** Everything that fixes a foreign chain. Its hash tree root is the spec root. */
export const ChainSpecType = new ContainerType(
  {
    kind: Uint8,
    /** Registry id, ASCII, such as `bitcoin-mainnet`. */
    name: new ByteListType(MAX_CHAIN_NAME),
    /** The kind's network parameters in their canonical encoding. */
    parameters: new ByteListType(MAX_PARAMETERS),
    /** Zero for a local network whose genesis is its checkpoint. */
    genesisHash: Bytes32,
    checkpoint: CheckpointType,
  },
  { typeName: 'ChainSpec', jsonCase: 'eth2' },
);
export type ChainSpec = ValueOf<typeof ChainSpecType>;
