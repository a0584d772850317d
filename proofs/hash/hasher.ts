import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

/** SHA-256 as the rest of the code uses it. All implementations give the same bytes. */
export interface Hasher {
  readonly name: string;
  /** SHA-256 of any bytes: 32 bytes. */
  sha256(data: Uint8Array): Uint8Array;
  /** SHA-256 of `left ‖ right`, 32 bytes each. */
  digest64(left: Uint8Array, right: Uint8Array): Uint8Array;
  /** SHA-256 of each 64-byte piece of `pairs`, written one after another: `pairs.length / 2` bytes. */
  digestPairs(pairs: Uint8Array): Uint8Array;
  /** Double SHA-256 of each `size`-byte piece of `messages`, written one after another: 32 bytes a piece. */
  doubleDigests(messages: Uint8Array, size: number): Uint8Array;
}

const pair = new Uint8Array(64);

/** Pure JavaScript, everywhere. */
export const nobleHasher: Hasher = {
  name: 'noble',
  sha256: (data) => nobleSha256(data),
  digest64(left, right) {
    pair.set(left, 0);
    pair.set(right, 32);
    return nobleSha256(pair);
  },
  digestPairs(pairs) {
    const out = new Uint8Array(pairs.length / 2);
    for (let i = 0; i < pairs.length; i += 64) out.set(nobleSha256(pairs.subarray(i, i + 64)), i / 2);
    return out;
  },
  doubleDigests(messages, size) {
    const out = new Uint8Array(Math.floor(messages.length / size) * 32);
    for (let at = 0, i = 0; at + size <= messages.length; at += size, i++)
      out.set(nobleSha256(nobleSha256(messages.subarray(at, at + size))), 32 * i);
    return out;
  },
};

let current: Hasher = nobleHasher;

/** Replaces the hasher of this process or page, for instance by `useFastHasher()`. */
export function setHasher(hasher: Hasher): void {
  current = hasher;
}

export function hasher(): Hasher {
  return current;
}

export function sha256(data: Uint8Array): Uint8Array {
  return current.sha256(data);
}

export function digest64(left: Uint8Array, right: Uint8Array): Uint8Array {
  return current.digest64(left, right);
}

/** Bitcoin's double SHA-256. */
export function sha256d(data: Uint8Array): Uint8Array {
  return current.sha256(current.sha256(data));
}

/** Double SHA-256 of each `size`-byte piece of `messages`: 32 bytes a piece, one after another. */
export function sha256dMany(messages: Uint8Array, size: number): Uint8Array {
  return current.doubleDigests(messages, size);
}
