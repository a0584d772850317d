import { createHash } from 'node:crypto';
import { concatBytes } from '../../proofs/bytes.js';
import { ForkDataType, SigningDataType } from './containers/common.js';
import { FORK_SCHEDULE, forkAtEpoch, isAtLeast, versionAtEpoch } from './forks.js';
import { MAX_BLOBS_PER_BLOCK_ELECTRA } from './preset.js';

/** Domain types (phase0 and altair, `DomainType`). */
export const DOMAIN = { proposer: 0, randao: 2, syncCommittee: 7 } as const;

export function sha256(...parts: Uint8Array[]): Uint8Array {
  return createHash('sha256')
    .update(concatBytes(...parts))
    .digest();
}

function forkDataRoot(version: Uint8Array, genesisValidatorsRoot: Uint8Array): Uint8Array {
  return ForkDataType.hashTreeRoot({ currentVersion: version, genesisValidatorsRoot });
}

/** What is signed for an object in an epoch: `compute_signing_root` of `compute_domain` (phase0). */
export function signingRoot(
  type: keyof typeof DOMAIN,
  epoch: number,
  genesisValidatorsRoot: Uint8Array,
  objectRoot: Uint8Array,
): Uint8Array {
  const domain = concatBytes(
    Uint8Array.of(DOMAIN[type], 0, 0, 0),
    forkDataRoot(versionAtEpoch(epoch), genesisValidatorsRoot).slice(0, 28),
  );
  return SigningDataType.hashTreeRoot({ objectRoot, domain });
}

/** `compute_fork_digest`: 4 bytes. Since Fulu it depends on the blob parameters too (EIP-7892), which never change here. */
export function forkDigest(epoch: number, genesisValidatorsRoot: Uint8Array): Uint8Array {
  const base = forkDataRoot(versionAtEpoch(epoch), genesisValidatorsRoot);
  if (!isAtLeast(forkAtEpoch(epoch), 'fulu')) return base.slice(0, 4);
  const electra = FORK_SCHEDULE.find(({ fork }) => fork === 'electra')?.epoch ?? 0;
  const parameters = new Uint8Array(16);
  const view = new DataView(parameters.buffer);
  view.setBigUint64(0, BigInt(electra), true);
  view.setBigUint64(8, BigInt(MAX_BLOBS_PER_BLOCK_ELECTRA), true);
  const mask = sha256(parameters);
  return base.slice(0, 4).map((byte, i) => byte ^ (mask[i] ?? 0));
}
