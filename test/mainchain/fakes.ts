import type { VoteCrypto } from '../../mainchain/consensus/types.js';
import { bytesEqual, concatBytes, utf8 } from '../../proofs/bytes.js';
import type { DelegateSet } from '../../proofs/containers/consensus.js';
import { sha256 } from '../../proofs/hash/hasher.js';

/** Signatures that only look like it: fast, and additive as BLS ones are. */
export const fakeCrypto: VoteCrypto = {
  verify: (key, message, signature) => bytesEqual(fakeSign(key, message), signature),
  fastAggregateVerify: (keys, message, signature) =>
    bytesEqual(fakeCrypto.aggregate(keys.map((key) => fakeSign(key, message))), signature),
  aggregate(signatures) {
    const sum = new Uint8Array(96);
    for (const s of signatures) for (let i = 0; i < 32; i++) sum[i]! ^= s[i]!;
    return sum;
  },
};

export function fakeSign(key: Uint8Array, message: Uint8Array): Uint8Array {
  const out = new Uint8Array(96);
  out.set(sha256(concatBytes(key, message)));
  return out;
}

export function fakeDelegates(n: number, label = ''): DelegateSet {
  return Array.from({ length: n }, (_, i) => {
    const blsKey = new Uint8Array(48);
    blsKey.set(utf8(`key${label}${i}`));
    return { account: new Uint8Array(20).fill(i + 1), blsKey };
  });
}

/** Small, fast, seeded (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const GENESIS = sha256(utf8('simulation'));
