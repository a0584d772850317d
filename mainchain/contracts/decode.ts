import type { Type } from '@chainsafe/ssz';
import { bytesEqual } from '../../proofs/bytes.js';

/** Decodes SSZ in its one valid encoding. @throws the error that `fail` makes */
export function decodeStrict<T>(
  type: Type<T>,
  bytes: Uint8Array,
  fail: (problem: string, cause?: unknown) => Error,
): T {
  let value: T;
  try {
    value = type.deserialize(bytes);
  } catch (error) {
    throw fail(`is not a ${type.typeName}`, error);
  }
  if (!bytesEqual(type.serialize(value), bytes))
    throw fail(`is not the canonical encoding of a ${type.typeName}`);
  return value;
}
