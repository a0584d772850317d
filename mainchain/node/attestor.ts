import type { Attest, GovernanceAction } from '../../proofs/containers/calls.js';
import type { ChainState } from '../rpc/types.js';

/**
 * A delegate's own eyes. The node never reads a foreign source itself: whoever starts it hands it one of these.
 */
export interface Attestor {
  /**
   * Resolves if this delegate's own source has exactly these headers in `from..to`, final by the chain's policy.
   * @throws AttestationRefusedError otherwise: retryable if its source is only behind or unreachable
   */
  check(attest: Attest, chain: ChainState): Promise<void>;
  /**
   * Resolves if this delegate's operator wants the action (for a registration: its own configuration has the
   * chain with this spec root and policy). @throws ApprovalRefusedError otherwise
   */
  approve(action: GovernanceAction): Promise<void>;
}
