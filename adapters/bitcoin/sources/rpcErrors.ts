import { CrossrootError } from '../../../proofs/errors/base.js';

/** The node understood the request and refused it. `code`: Bitcoin Core `src/rpc/protocol.h`. */
export class CoreRpcError extends CrossrootError {
  override readonly name = 'CoreRpcError';
  override readonly retryable: boolean;
  constructor(
    readonly source: string,
    readonly method: string,
    readonly code: number,
    problem: string,
  ) {
    super(`${method} failed: ${problem} (code ${code})`, { details: { source, method, code } });
    this.retryable = code === RpcCode.inWarmup;
  }
}

/** Codes that have a meaning here. */
export const RpcCode = {
  /** No such block or transaction. */
  notFound: -5,
  /** A height beyond the tip. */
  outOfRange: -8,
  /** What btcd says of a height beyond the tip. */
  misc: -1,
  /** Still starting. */
  inWarmup: -28,
} as const;
