import { CrossrootError } from '../../../proofs/errors/base.js';

/** Why bytes of a peer are refused. */
export type WireRule = 'wrong-network' | 'bad-command' | 'oversize' | 'bad-checksum' | 'malformed';

/** Bytes that are no message of Bitcoin's P2P protocol. The stream they came from cannot be read any further. */
export class WireError extends CrossrootError {
  override readonly name = 'WireError';
  constructor(
    readonly rule: WireRule,
    problem: string,
    cause?: unknown,
  ) {
    super(`${rule}: ${problem}`, { details: { rule }, ...(cause === undefined ? {} : { cause }) });
  }
}
