import { assuranceFor } from '../../adapters/mode.js';
import { type Policy, PolicyKind } from '../../proofs/containers/calls.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import { PolicyError } from '../../timing/errors.js';
import { validatePolicy } from '../../timing/policy.js';
import type { Network } from './context.js';
import { BadPolicyError } from './registryErrors.js';

/** Checks that a policy can ever be met by a chain of this network followed from `checkpoint`. @throws BadPolicyError */
export function checkPolicy(policy: Policy, { kind, info }: Network, checkpoint: Checkpoint): void {
  try {
    validatePolicy(policy, assuranceFor(kind, info, checkpoint));
  } catch (error) {
    if (error instanceof PolicyError) throw new BadPolicyError(error.message, { cause: error });
    throw error;
  }
  // A leaf must be committed while its header is still in the window.
  if (policy.kind === PolicyKind.confirmations && policy.value >= info.window) {
    throw new BadPolicyError(
      `${info.name} keeps ${info.window} headers: too few for ${policy.value} confirmations`,
    );
  }
}
