import { CrossrootError } from './base.js';

/** Classes of flaw for which a proof is refused. */
export type Flaw =
  | 'malformed'
  | 'non-canonical'
  | 'unsupported-version'
  | 'unknown-chain'
  | 'wrong-chain'
  | 'wrong-genesis'
  | 'wrong-spec'
  | 'wrong-assurance'
  | 'bad-handover'
  | 'unknown-term'
  | 'no-quorum'
  | 'bad-signature'
  | 'bad-certificate'
  | 'bad-ancestry'
  | 'as-of-required'
  | 'index-mismatch'
  | 'history-mismatch'
  | 'reorg-mismatch'
  | 'transaction-mismatch'
  | 'receipt-mismatch'
  | 'log-mismatch'
  | 'account-mismatch'
  | 'storage-mismatch'
  | 'code-mismatch'
  | 'withdrawal-mismatch'
  | 'block-mismatch'
  | 'chain-paused'
  | 'superseded'
  | 'anchor-stale'
  | 'too-old'
  | 'no-trust'
  | 'unanchored';

/** A proof that does not hold. `flaw` names the class of what is wrong. */
export class ProofError extends CrossrootError {
  override readonly name = 'ProofError';
  constructor(
    readonly flaw: Flaw,
    message: string,
    cause?: unknown,
  ) {
    super(message, { details: { flaw }, ...(cause === undefined ? {} : { cause }) });
  }
}
