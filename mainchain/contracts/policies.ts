import type { NetworkInfo } from '../../adapters/types.js';
import { type Policy, PolicyKind } from '../../proofs/containers/calls.js';
import { PolicyError } from '../../timing/errors.js';
import { validatePolicy } from '../../timing/policy.js';
import { BadPolicyError } from './registryErrors.js';

/** Checks that a policy can ever be met by a chain of this network. @throws BadPolicyError */
export function checkPolicy(policy: Policy, network: NetworkInfo): void {
  try {
    validatePolicy(policy, network.assurance);
  } catch (error) {
    if (error instanceof PolicyError) throw new BadPolicyError(error.message, { cause: error });
    throw error;
  }
  // A leaf must be committed while its header is still in the window.
  if (policy.kind === PolicyKind.confirmations && policy.value >= network.window) {
    throw new BadPolicyError(
      `${network.name} keeps ${network.window} headers: too few for ${policy.value} confirmations`,
    );
  }
}
