import { concatBytes } from '../../../proofs/bytes.js';
import { digest64 } from '../../../proofs/hash/hasher.js';
import { LightClientRuleError } from './errors.js';
import { forkAt } from './forks.js';
import { beaconRoot, isSupported } from './header.js';
import type { ConsensusNetwork } from './networks.js';
import type { BeaconBlockHeader } from './types.js';

/** `DOMAIN_SYNC_COMMITTEE`: consensus-specs `altair/beacon-chain.md`. */
const DOMAIN_SYNC_COMMITTEE = Uint8Array.of(7, 0, 0, 0);

/** `compute_domain` for a sync committee's signature under a fork version. */
export function syncCommitteeDomain(version: Uint8Array, genesisValidatorsRoot: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(32);
  chunk.set(version);
  return concatBytes(DOMAIN_SYNC_COMMITTEE, digest64(chunk, genesisValidatorsRoot).subarray(0, 28));
}

/**
 * What a sync committee signs at `signatureSlot` about a block: its signing root, 32 bytes. The fork version is that of the
 * slot before (`max(signature_slot, 1) - 1`).
 * @throws LightClientRuleError `unsupported-fork`
 */
export function syncSigningRoot(
  network: ConsensusNetwork,
  attested: BeaconBlockHeader,
  signatureSlot: number,
): Uint8Array {
  const slot = Math.max(signatureSlot, 1) - 1;
  const fork = forkAt(network, slot);
  if (fork === undefined || !isSupported(network, slot))
    throw new LightClientRuleError('unsupported-fork', slot, `${network.name} has no known fork there`);
  return digest64(beaconRoot(attested), syncCommitteeDomain(fork.version, network.genesisValidatorsRoot));
}
