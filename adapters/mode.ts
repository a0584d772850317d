import { Assurance, type AssuranceCode } from '../proofs/containers/leaf.js';
import type { Checkpoint } from '../proofs/containers/spec.js';
import type { ChainKind, NetworkInfo } from './types.js';

type Kind = Pick<ChainKind, 'committee'>;
type Start = Pick<Checkpoint, 'work'>;

/**
 * How the leaves of a chain that is followed from `checkpoint` are known. Where a committee signs the chain's finality, the
 * checkpoint says whether that is relied on: then it names the block at which the trust in committees begins, in the place where
 * chains of work have their work. Otherwise delegates attest.
 */
export function assuranceFor(kind: Kind, network: NetworkInfo, checkpoint: Start): AssuranceCode {
  const signed = checkpoint.work !== 0n && kind.committee?.parameters(network) !== undefined;
  return signed ? Assurance.syncCommittee : network.assurance;
}

/** Canonical encoding of a network's parameters, as in `ChainSpec.parameters`, for a chain followed from `checkpoint`. */
export function parametersFor(kind: Kind, network: NetworkInfo, checkpoint: Start): Uint8Array {
  const signed = checkpoint.work === 0n ? undefined : kind.committee?.parameters(network);
  return signed ?? network.parameters;
}
