import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { DelegateType, MAX_DELEGATES } from './consensus.js';
import { ByteListType, ListCompositeType } from './lists.js';
import { Account, BlsSignature, Count64, Uint32, Uint64 } from './primitives.js';

export const BalanceType = new ContainerType(
  { account: Account, balance: Uint64 },
  { typeName: 'Balance', jsonCase: 'eth2' },
);

export const GenesisDelegateType = new ContainerType(
  { delegate: DelegateType, proofOfPossession: BlsSignature },
  { typeName: 'GenesisDelegate', jsonCase: 'eth2' },
);

/** A main chain's beginning. Its hash tree root is the genesis root, mixed into every signature. */
export const GenesisType = new ContainerType(
  {
    version: Uint32,
    /** ASCII, such as `crossroot-local`. */
    name: new ByteListType(64),
    /** Unix milliseconds at which slot 0 begins. */
    time: Count64,
    slotMilliseconds: Uint32,
    /** Nominal length of a term, in blocks. */
    termBlocks: Count64,
    /** Smallest fee of a transaction and its growth a call byte. */
    baseFee: Uint64,
    byteFee: Uint64,
    delegates: new ListCompositeType(GenesisDelegateType, MAX_DELEGATES),
    balances: new ListCompositeType(BalanceType, 65536),
  },
  { typeName: 'Genesis', jsonCase: 'eth2' },
);
export type Genesis = ValueOf<typeof GenesisType>;
