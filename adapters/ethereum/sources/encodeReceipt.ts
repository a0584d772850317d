import { concatBytes } from '../../../proofs/bytes.js';
import { encodeRlp } from '../rlp/rlp.js';
import { bloomOf } from '../rules/bloom.js';
import { UnknownTypeError } from './encodeTransaction.js';
import { type RpcObject, rpcBytes, rpcInteger, rpcIntegerBytes, rpcList, rpcObject } from './fields.js';

/**
 * Consensus encoding of a receipt from `eth_getBlockReceipts`: status (EIP-658) or, before Byzantium, the state root;
 * the bloom is always rebuilt from the logs, since some providers leave it out.
 * @throws MalformedInputError for a type that is not known too
 */
export function encodeReceiptJson(receipt: RpcObject): Uint8Array {
  const type =
    receipt.type === undefined || receipt.type === null ? 0n : rpcInteger(receipt.type, 'receipt type');
  if (type > 4n) throw new UnknownTypeError('receipt type', type);
  const logs = rpcList(receipt.logs, 'receipt logs').map((value) => {
    const log = rpcObject(value, 'log');
    return {
      address: rpcBytes(log.address, 'log address', 20),
      topics: rpcList(log.topics, 'log topics').map((topic) => rpcBytes(topic, 'log topic', 32)),
      data: rpcBytes(log.data, 'log data'),
    };
  });
  const outcome =
    receipt.status === undefined || receipt.status === null
      ? rpcBytes(receipt.root, 'receipt root', 32)
      : rpcIntegerBytes(receipt.status, 'receipt status');
  const body = encodeRlp([
    outcome,
    rpcIntegerBytes(receipt.cumulativeGasUsed, 'receipt cumulativeGasUsed'),
    bloomOf(logs),
    logs.map((log) => [log.address, log.topics, log.data]),
  ]);
  return type === 0n ? body : concatBytes(Uint8Array.of(Number(type)), body);
}
