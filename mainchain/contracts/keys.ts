import { concatBytes, utf8 } from '../../proofs/bytes.js';

/** Names of the modules of the state. */
export const Module = {
  token: 'token',
  delegates: 'delegates',
  registry: 'registry',
  index: 'index',
} as const;

/** A key made of a word and fixed-length parts: `word ‖ ':' ‖ parts`. */
export function recordKey(word: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(utf8(`${word}:`), ...parts);
}

/** A count as 8 bytes, most significant first. */
export function countKey(count: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(count));
  return bytes;
}
