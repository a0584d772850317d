import { digest, digest2Bytes32, hashInto } from '@chainsafe/as-sha256';
import { setHasher as setTreeHasher } from '@chainsafe/persistent-merkle-tree';
import { hasher as treeHasher } from '@chainsafe/persistent-merkle-tree/hasher/as-sha256';
import { type Hasher, setHasher } from './hasher.js';

/** WebAssembly SHA-256 (SIMD in batches where the engine has it). */
export const wasmHasher: Hasher = {
  name: 'as-sha256',
  sha256: (data) => digest(data),
  digest64: (left, right) => digest2Bytes32(left, right),
  digestPairs(pairs) {
    const out = new Uint8Array(pairs.length / 2);
    hashInto(pairs, out);
    return out;
  },
};

/** Uses WebAssembly for every hash of this process. */
export function useFastHasher(): void {
  setHasher(wasmHasher);
  setTreeHasher(treeHasher);
}
