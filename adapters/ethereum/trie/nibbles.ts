import { MalformedInputError } from '../../../proofs/errors/input.js';

/** Half-bytes of a key, high half first. */
export function nibblesOf(key: Uint8Array): number[] {
  const out: number[] = [];
  for (const byte of key) out.push(byte >> 4, byte & 15);
  return out;
}

/** Hex-prefix encoding (Yellow Paper, appendix C). */
export function encodePath(nibbles: readonly number[], isLeaf: boolean): Uint8Array {
  const odd = nibbles.length % 2 === 1;
  const flag = (isLeaf ? 2 : 0) + (odd ? 1 : 0);
  const all = odd ? [flag, ...nibbles] : [flag, 0, ...nibbles];
  return Uint8Array.from(
    { length: all.length / 2 },
    (_, i) => ((all[2 * i] ?? 0) << 4) | (all[2 * i + 1] ?? 0),
  );
}

/** @throws MalformedInputError for anything but the one valid encoding */
export function decodePath(bytes: Uint8Array): {
  readonly nibbles: readonly number[];
  readonly isLeaf: boolean;
} {
  const all = nibblesOf(bytes);
  const [flag = 4, second = 0] = all;
  if (flag > 3 || (flag % 2 === 0 && second !== 0))
    throw new MalformedInputError('trie path', 'has a prefix that is not valid');
  const nibbles = all.slice(flag % 2 === 1 ? 1 : 2);
  const isLeaf = flag >= 2;
  if (!isLeaf && nibbles.length === 0) throw new MalformedInputError('trie extension', 'has an empty path');
  return { nibbles, isLeaf };
}

export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}
