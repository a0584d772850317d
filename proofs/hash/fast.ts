import { digest, digest2Bytes32, hashInto } from '@chainsafe/as-sha256';
import { setHasher as setTreeHasher } from '@chainsafe/persistent-merkle-tree';
import { hasher as treeHasher } from '@chainsafe/persistent-merkle-tree/hasher/as-sha256';
import { type Hasher, setHasher } from './hasher.js';
import { doubleSha256Lanes } from './lanes/index.js';

/** From this length on, in bytes, calling Node's own hash costs less than its use of the processor's SHA instructions saves. */
const LONG = 128;
/** Node's own SHA-256, asked for at run time: this file is loaded in pages too. */
const native = globalThis.process?.getBuiltinModule?.('node:crypto')?.hash;

/** WebAssembly SHA-256 (SIMD in batches where the engine has it); long messages by Node itself where it is Node. */
export const wasmHasher: Hasher = {
  name: 'as-sha256',
  sha256: (data) =>
    native === undefined || data.length < LONG
      ? digest(data)
      : new Uint8Array(native('sha256', data, 'buffer')),
  digest64: (left, right) => digest2Bytes32(left, right),
  digestPairs(pairs) {
    const out = new Uint8Array(pairs.length / 2);
    hashInto(pairs, out);
    return out;
  },
  doubleDigests(messages, size) {
    const inLanes = doubleSha256Lanes(messages, size);
    if (inLanes !== undefined) return inLanes;
    const out = new Uint8Array(Math.floor(messages.length / size) * 32);
    for (let at = 0, i = 0; at + size <= messages.length; at += size, i++)
      out.set(digest(digest(messages.subarray(at, at + size))), 32 * i);
    return out;
  },
};

/** Uses WebAssembly for every hash of this process. */
export function useFastHasher(): void {
  setHasher(wasmHasher);
  setTreeHasher(treeHasher);
}
