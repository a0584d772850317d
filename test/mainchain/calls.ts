import { TransferType } from '../../proofs/containers/calls.js';
import { type Call, Method } from '../../proofs/containers/transaction.js';

export function transferCall(to: Uint8Array, amount: bigint): Call {
  return { method: Method.transfer, payload: TransferType.serialize({ to, amount }) };
}
