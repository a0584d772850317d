import { encodeRlp } from '../rlp/rlp.js';
import { type RpcObject, rpcBytes, rpcIntegerBytes } from './fields.js';

/** RLP of a withdrawal from `eth_getBlockBy…` (EIP-4895): index, validator, address, amount in gwei. @throws MalformedInputError */
export function encodeWithdrawalJson(withdrawal: RpcObject): Uint8Array {
  return encodeRlp([
    rpcIntegerBytes(withdrawal.index, 'withdrawal index'),
    rpcIntegerBytes(withdrawal.validatorIndex, 'withdrawal validatorIndex'),
    rpcBytes(withdrawal.address, 'withdrawal address', 20),
    rpcIntegerBytes(withdrawal.amount, 'withdrawal amount'),
  ]);
}
