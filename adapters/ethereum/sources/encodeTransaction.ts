import { concatBytes } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { type RpcObject, rpcBytes, rpcInteger, rpcIntegerBytes, rpcList, rpcObject } from './fields.js';

const NONE = new Uint8Array(0);

/** A type of transaction whose encoding is not known here: chains other than Ethereum have some of their own. */
export class UnknownTypeError extends MalformedInputError {
  constructor(what: string, type: bigint) {
    super(what, `${type} is not known`);
  }
}

/**
 * Consensus encoding of a transaction from `eth_getBlockBy…` with full transactions: legacy RLP, or a type byte and RLP
 * (EIP-2718; types of EIPs 2930, 1559, 4844, 7702).
 * @throws MalformedInputError for a type that is not known
 */
export function encodeTransactionJson(tx: RpcObject): Uint8Array {
  const type = tx.type === undefined || tx.type === null ? 0n : rpcInteger(tx.type, 'transaction type');
  const int = (name: string) => rpcIntegerBytes(tx[name], `transaction ${name}`);
  const to = tx.to === null || tx.to === undefined ? NONE : rpcBytes(tx.to, 'transaction to', 20);
  const input = rpcBytes(tx.input ?? tx.data, 'transaction input');
  const body = [to, int('value'), input];
  const fees = [int('nonce')];
  switch (type) {
    case 0n:
      return encodeRlp([...fees, int('gasPrice'), int('gas'), ...body, int('v'), int('r'), int('s')]);
    case 1n:
      return typed(1, [
        int('chainId'),
        ...fees,
        int('gasPrice'),
        int('gas'),
        ...body,
        accessList(tx),
        ...signature(tx),
      ]);
    case 2n:
      return typed(2, [...dynamicFee(tx), int('gas'), ...body, accessList(tx), ...signature(tx)]);
    case 3n:
      return typed(3, [
        ...dynamicFee(tx),
        int('gas'),
        ...body,
        accessList(tx),
        int('maxFeePerBlobGas'),
        rpcList(tx.blobVersionedHashes, 'blobVersionedHashes').map((hash) => rpcBytes(hash, 'blob hash', 32)),
        ...signature(tx),
      ]);
    case 4n:
      return typed(4, [
        ...dynamicFee(tx),
        int('gas'),
        ...body,
        accessList(tx),
        authorizations(tx),
        ...signature(tx),
      ]);
    default:
      throw new UnknownTypeError('transaction type', type);
  }
}

function typed(type: number, fields: readonly RlpItem[]): Uint8Array {
  return concatBytes(Uint8Array.of(type), encodeRlp(fields));
}

function dynamicFee(tx: RpcObject): Uint8Array[] {
  return ['chainId', 'nonce', 'maxPriorityFeePerGas', 'maxFeePerGas'].map((name) =>
    rpcIntegerBytes(tx[name], `transaction ${name}`),
  );
}

/** `yParity`, or the `v` of providers that only send that. */
function signature(tx: RpcObject): Uint8Array[] {
  return [
    rpcIntegerBytes(tx.yParity ?? tx.v, 'transaction yParity'),
    rpcIntegerBytes(tx.r, 'transaction r'),
    rpcIntegerBytes(tx.s, 'transaction s'),
  ];
}

function accessList(tx: RpcObject): RlpItem {
  return rpcList(tx.accessList ?? [], 'accessList').map((value) => {
    const entry = rpcObject(value, 'access list entry');
    const keys = rpcList(entry.storageKeys, 'storageKeys').map((key) => rpcBytes(key, 'storage key', 32));
    return [rpcBytes(entry.address, 'access list address', 20), keys];
  });
}

function authorizations(tx: RpcObject): RlpItem {
  return rpcList(tx.authorizationList, 'authorizationList').map((value) => {
    const entry = rpcObject(value, 'authorization');
    return [
      rpcIntegerBytes(entry.chainId, 'authorization chainId'),
      rpcBytes(entry.address, 'authorization address', 20),
      rpcIntegerBytes(entry.nonce, 'authorization nonce'),
      rpcIntegerBytes(entry.yParity ?? entry.v, 'authorization yParity'),
      rpcIntegerBytes(entry.r, 'authorization r'),
      rpcIntegerBytes(entry.s, 'authorization s'),
    ];
  });
}
