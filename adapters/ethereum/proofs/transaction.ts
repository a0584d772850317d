import { MalformedInputError } from '../../../proofs/errors/input.js';
import { addressOrNone, bytesOf, integerOf, listOf } from '../rlp/read.js';
import { decodeRlp } from '../rlp/rlp.js';
import { checkField, type FieldName, transactionFields } from './transactionFields.js';

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

/** First byte of an RLP list: a legacy transaction or receipt. */
export const LEGACY_FROM = 0xc0;
/** EIPs 4844 and 7702: such a transaction never creates a contract. */
const MUST_CALL: readonly number[] = [3, 4];

/**
 * Decodes a consensus encoding strictly: each field of its type has to be there in its one valid form.
 * @throws MalformedInputError, for a type that is not known too
 */
export function decodeTransaction(raw: Uint8Array): EthereumTransaction {
  const [first] = raw;
  if (first === undefined) throw new MalformedInputError('transaction', 'is empty');
  const type = first >= LEGACY_FROM ? 0 : first;
  const names = first === 0 ? undefined : transactionFields[type];
  if (names === undefined)
    throw new MalformedInputError('transaction', `has type ${first}, which is not known`);
  const items = listOf(decodeRlp(type === 0 ? raw : raw.subarray(1)), 'transaction', names.length);
  for (const [i, name] of names.entries()) checkField(name, items[i]);
  const field = (name: FieldName) => items[names.indexOf(name)];
  const to = addressOrNone(field('to'), 'transaction to');
  if (to === undefined && MUST_CALL.includes(type))
    throw new MalformedInputError('transaction to', `is missing in a transaction of type ${type}`);
  return {
    type,
    nonce: integerOf(field('nonce'), 'transaction nonce', 8),
    to,
    value: integerOf(field('value'), 'transaction value'),
    input: bytesOf(field('input'), 'transaction input'),
  };
}
