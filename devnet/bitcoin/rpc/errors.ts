import { CrossrootError } from '../../../proofs/errors/base.js';

/** Error codes of Bitcoin Core: `src/rpc/protocol.h`. */
export const RpcCode = {
  misc: -1,
  type: -3,
  invalidAddressOrKey: -5,
  insufficientFunds: -6,
  invalidParameter: -8,
  deserialization: -22,
  verify: -25,
  verifyRejected: -26,
  alreadyInUtxoSet: -27,
  invalidRequest: -32600,
  methodNotFound: -32601,
  internal: -32603,
  parse: -32700,
} as const;

/** An error that an RPC caller gets. */
export class RpcError extends CrossrootError {
  override readonly name = 'RpcError';
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message, { details: { code } });
  }
}
