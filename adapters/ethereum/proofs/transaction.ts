import { MalformedInputError } from '../../../proofs/errors/input.js';
import { addressOrNone, bytesOf, integerOf, listOf } from '../rlp/read.js';
import { decodeRlp, type RlpItem } from '../rlp/rlp.js';

/** What a transaction says, as far as a proof tells it. */
export interface EthereumTransaction {
  /** EIP-2718 type; 0 for legacy. */
  readonly type: number;
  readonly nonce: bigint;
  /** `undefined` where it creates a contract. */
  readonly to: Uint8Array | undefined;
  /** wei */
  readonly value: bigint;
  readonly input: Uint8Array;
}

/** Fields of each type: how many, and where nonce, recipient, value and input are. */
interface Shape {
  readonly fields: number;
  readonly nonce: number;
  readonly to: number;
  readonly accessList?: number;
}

const legacy: Shape = { fields: 9, nonce: 0, to: 3 };
const typed: Readonly<Record<number, Shape>> = {
  // EIP-2930, EIP-1559, EIP-4844, EIP-7702
  1: { fields: 11, nonce: 1, to: 4, accessList: 7 },
  2: { fields: 12, nonce: 1, to: 5, accessList: 8 },
  3: { fields: 14, nonce: 1, to: 5, accessList: 8 },
  4: { fields: 13, nonce: 1, to: 5, accessList: 8 },
};

/** Decodes a consensus encoding strictly. @throws MalformedInputError, for a type that is not known too */
export function decodeTransaction(raw: Uint8Array): EthereumTransaction {
  const [first] = raw;
  if (first === undefined) throw new MalformedInputError('transaction', 'is empty');
  if (first >= 0xc0) return read(0, legacy, decodeRlp(raw));
  const shape = typed[first];
  if (shape === undefined)
    throw new MalformedInputError('transaction', `has type ${first}, which is not known`);
  return read(first, shape, decodeRlp(raw.subarray(1)));
}

function read(type: number, shape: Shape, item: RlpItem): EthereumTransaction {
  const fields = listOf(item, 'transaction', shape.fields);
  if (shape.accessList !== undefined) checkAccessList(fields[shape.accessList]);
  // The last two are the signature's r and s.
  integerOf(fields[shape.fields - 1], 'transaction s');
  integerOf(fields[shape.fields - 2], 'transaction r');
  const to = addressOrNone(fields[shape.to], 'transaction to');
  if (to === undefined && (type === 3 || type === 4))
    throw new MalformedInputError('transaction to', `is missing in a transaction of type ${type}`);
  return {
    type,
    nonce: integerOf(fields[shape.nonce], 'transaction nonce', 8),
    to,
    value: integerOf(fields[shape.to + 1], 'transaction value'),
    input: bytesOf(fields[shape.to + 2], 'transaction input'),
  };
}

function checkAccessList(item: RlpItem | undefined): void {
  for (const entry of listOf(item, 'access list', 0, 2 ** 16)) {
    const [address, keys] = listOf(entry, 'access list entry', 2);
    bytesOf(address, 'access list address', 20);
    for (const key of listOf(keys, 'storage keys', 0, 2 ** 16)) bytesOf(key, 'storage key', 32);
  }
}
