import { fromHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { integerBytes } from '../rlp/read.js';

/** A JSON-RPC object as a provider sent it: nothing about it is believed. */
export type RpcObject = { readonly [key: string]: unknown };

export function rpcObject(value: unknown, what: string): RpcObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedInputError(what, 'is not an object');
  return value as RpcObject;
}

export function rpcList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedInputError(what, 'is not a list');
  return value;
}

/** A hex string of bytes. */
export function rpcBytes(value: unknown, what: string, length?: number): Uint8Array {
  if (typeof value !== 'string' || !value.startsWith('0x'))
    throw new MalformedInputError(what, 'is not 0x hex');
  return fromHex(value, what, length);
}

/** A quantity: hex integer, leading zeros tolerated as some providers send them. */
export function rpcInteger(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value))
    throw new MalformedInputError(what, 'is not a hex quantity');
  return BigInt(value);
}

/** A quantity as RLP writes integers: shortest big-endian bytes. */
export function rpcIntegerBytes(value: unknown, what: string): Uint8Array {
  return integerBytes(rpcInteger(value, what));
}

/** A height: a quantity that is safe as a number. */
export function rpcHeight(value: unknown, what: string): number {
  const height = rpcInteger(value, what);
  if (height > BigInt(Number.MAX_SAFE_INTEGER)) throw new MalformedInputError(what, 'is out of range');
  return Number(height);
}
