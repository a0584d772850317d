import { CrossrootError } from '../../../proofs/errors/base.js';

/** A signet block whose solution does not satisfy the network's challenge: Bitcoin Core's `bad-signet-blksig` (BIP325). */
export class SignetSolutionError extends CrossrootError {
  override readonly name = 'SignetSolutionError';
  readonly rule = 'bad-signet-blksig';
  constructor(problem: string, cause?: unknown) {
    super(`bad-signet-blksig: ${problem}`, {
      details: { rule: 'bad-signet-blksig' },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** A signet whose challenge, or the script that answers it, is of a form that is not evaluated here: neither good nor bad. */
export class ChallengeNotSupportedError extends CrossrootError {
  override readonly name = 'ChallengeNotSupportedError';
  constructor(what: string) {
    super(`challenge form not supported: ${what}`, {
      hint: 'Supported: OP_TRUE, P2PK, P2PKH, m-of-n CHECKMULTISIG, P2SH and P2WSH of these, P2WPKH, witness programs in P2SH.',
    });
  }
}
