import { sha256 } from './domains.js';
import { SHUFFLE_ROUND_COUNT } from './preset.js';

/** Position of `index` among `count` after shuffling by `seed` (phase0, `compute_shuffled_index`). */
export function shuffledIndex(index: number, count: number, seed: Uint8Array): number {
  let at = index;
  for (let round = 0; round < SHUFFLE_ROUND_COUNT; round++) {
    const pivotHash = sha256(seed, Uint8Array.of(round));
    const pivot = Number(littleEndian(pivotHash.subarray(0, 8)) % BigInt(count));
    const flip = (pivot + count - at) % count;
    const position = Math.max(at, flip);
    const source = sha256(seed, Uint8Array.of(round), uint32(Math.floor(position / 256)));
    const byte = source[Math.floor((position % 256) / 8)] ?? 0;
    if (((byte >> (position % 8)) & 1) === 1) at = flip;
  }
  return at;
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
