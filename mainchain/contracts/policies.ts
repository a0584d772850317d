import { assuranceFor } from '../../adapters/mode.js';
import { type Policy, PolicyKind } from '../../proofs/containers/calls.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import { PolicyError } from '../../timing/errors.js';
import { validatePolicy } from '../../timing/policy.js';
import { MAX_FINALITY_LEAD, type Network } from './context.js';
import { BadPolicyError } from './registryErrors.js';

/** Checks that a policy can ever be met by a chain of this network followed from `checkpoint`. @throws BadPolicyError */
export function checkPolicy(policy: Policy, { kind, info }: Network, checkpoint: Checkpoint): void {
  const assurance = assuranceFor(kind, info, checkpoint);
  try {
    validatePolicy(policy, assurance);
  } catch (error) {
    if (error instanceof PolicyError) throw new BadPolicyError(error.message, { cause: error });
    throw error;
  }
  // Headers wait in the state for their age: half of the lead that finality may have is left for those that still become final.
  const slot = kind.committee?.slotMilliseconds(info.name) ?? 0;
  if (
    assurance === Assurance.syncCommittee &&
    policy.kind === PolicyKind.age &&
    policy.value * 60_000 > (MAX_FINALITY_LEAD / 2) * slot
  ) {
    throw new BadPolicyError(
      `${info.name} makes more than ${MAX_FINALITY_LEAD / 2} blocks in ${policy.value} minutes: too many to wait`,
    );
  }
  // A leaf must be committed while its header is still in the window.
  if (policy.kind === PolicyKind.confirmations && policy.value >= info.window) {
    throw new BadPolicyError(
      `${info.name} keeps ${info.window} headers: too few for ${policy.value} confirmations`,
    );
  }
}
