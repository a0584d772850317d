import { BooleanType, ContainerType, type ValueOf } from '@chainsafe/ssz';
import { ByteListType } from '../../../proofs/containers/lists.js';
import { Uint32 } from '../../../proofs/containers/primitives.js';

/**
 * Everything in which Bitcoin networks differ for a header check. Its SSZ encoding is `ChainSpec.parameters`.
 * Values: Bitcoin Core `src/kernel/chainparams.cpp`.
 */
export const NetworkParametersType = new ContainerType(
  {
    /** Compact form of the easiest allowed target (`powLimit`). */
    powLimitBits: Uint32,
    /** Wanted seconds between blocks. */
    targetSpacing: Uint32,
    /** Wanted seconds of one retarget period. */
    targetTimespan: Uint32,
    /** Whether the target is adjusted at all (`!fPowNoRetargeting`). */
    retargets: new BooleanType(),
    /** A block more than two spacings after its parent may have the easiest target. */
    minDifficulty: new BooleanType(),
    /** BIP94: retarget from the period's first block, and a bound on the time of a period's first block. */
    bip94: new BooleanType(),
    /** First heights at which versions below 2, 3 and 4 are refused. */
    bip34Height: Uint32,
    bip66Height: Uint32,
    bip65Height: Uint32,
    /** A signet's block challenge script; it tells one signet from another, as all share one genesis. */
    signetChallenge: new ByteListType(520),
  },
  { typeName: 'BitcoinNetworkParameters', jsonCase: 'eth2' },
);
export type NetworkParameters = ValueOf<typeof NetworkParametersType>;

/** Blocks in one retarget period. */
export function retargetInterval(parameters: NetworkParameters): number {
  return parameters.targetTimespan / parameters.targetSpacing;
}

/** Height of the first block of the retarget period that `height` is in. */
export function periodStartHeight(parameters: NetworkParameters, height: number): number {
  return height - (height % retargetInterval(parameters));
}
