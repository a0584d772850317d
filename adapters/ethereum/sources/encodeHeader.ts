import { encodeRlp } from '../rlp/rlp.js';
import { type RpcObject, rpcBytes, rpcIntegerBytes } from './fields.js';

/** Fields that later forks add, in order; a fork's fields come all or not at all. */
const later: readonly (readonly [name: string, read: (value: unknown, what: string) => Uint8Array])[] = [
  ['baseFeePerGas', rpcIntegerBytes],
  ['withdrawalsRoot', (value, what) => rpcBytes(value, what, 32)],
  ['blobGasUsed', rpcIntegerBytes],
  ['excessBlobGas', rpcIntegerBytes],
  ['parentBeaconBlockRoot', (value, what) => rpcBytes(value, what, 32)],
  ['requestsHash', (value, what) => rpcBytes(value, what, 32)],
  ['blockAccessListHash', (value, what) => rpcBytes(value, what, 32)],
  ['slotNumber', rpcIntegerBytes],
];

/** Consensus RLP of a header from `eth_getBlockBy…`. The caller compares its hash. @throws MalformedInputError */
export function encodeHeaderJson(block: RpcObject): Uint8Array {
  const bytes = (name: string, length?: number) => rpcBytes(block[name], `block ${name}`, length);
  const integer = (name: string) => rpcIntegerBytes(block[name], `block ${name}`);
  const fields = [
    bytes('parentHash', 32),
    bytes('sha3Uncles', 32),
    bytes('miner', 20),
    bytes('stateRoot', 32),
    bytes('transactionsRoot', 32),
    bytes('receiptsRoot', 32),
    bytes('logsBloom', 256),
    integer('difficulty'),
    integer('number'),
    integer('gasLimit'),
    integer('gasUsed'),
    integer('timestamp'),
    bytes('extraData'),
    bytes('mixHash', 32),
    bytes('nonce', 8),
  ];
  for (const [name, read] of later) {
    const value = block[name];
    if (value === undefined || value === null) break;
    fields.push(read(value, `block ${name}`));
  }
  return encodeRlp(fields);
}
