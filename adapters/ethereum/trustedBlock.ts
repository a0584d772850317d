import { fromHex, toBareHex } from '../../proofs/bytes.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import { consensusNetwork } from './consensus/networks.js';

/**
 * The checkpoint of a chain that is followed by its sync committees. A chain without work has no work to put into its
 * checkpoint: there stands the root of the trusted beacon block, as a big-endian number.
 * @param trustedRoot 32 bytes, never zero
 * @param height of the execution block in that beacon block
 * @param hash of it, 32 bytes
 */
export function trustedBlockCheckpoint(
  trustedRoot: Uint8Array,
  height: number,
  hash: Uint8Array,
): Checkpoint {
  return {
    height,
    hash,
    work: BigInt(`0x${toBareHex(trustedRoot)}`),
    periodStartTime: 0,
    periodStartBits: 0,
  };
}

/** Root of the trusted beacon block in a checkpoint of such a chain; `undefined` in one of an attested chain. */
export function trustedBlockRoot({ work }: Checkpoint): Uint8Array | undefined {
  return work === 0n ? undefined : fromHex(work.toString(16).padStart(64, '0'), 'trusted block root', 32);
}

/** Whether a chain has a beacon chain that is known here, so that it can be followed by its sync committees. */
export function hasBeaconChain(chain: string): boolean {
  return consensusNetwork(chain) !== undefined;
}
