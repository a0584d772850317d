import type { FilterLoadMessage } from './filtered.js';
import { MAX_FILTER_BYTES, MAX_FILTER_FUNCTIONS } from './limits.js';

/** MurmurHash3, 32 bits, x86 (as BIP37 uses it). */
export function murmur3(seed: number, data: Uint8Array): number {
  let hash = seed;
  const whole = data.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const word =
      (data[at] ?? 0) |
      ((data[at + 1] ?? 0) << 8) |
      ((data[at + 2] ?? 0) << 16) |
      ((data[at + 3] ?? 0) << 24);
    hash = Math.imul(rotate(hash ^ scramble(word), 13), 5) + 0xe6546b64;
  }
  let rest = 0;
  for (let at = data.length - 1; at >= whole; at--) rest = (rest << 8) | (data[at] ?? 0);
  hash ^= scramble(rest);
  hash ^= data.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

const SEED_STEP = 0xfba4c795;

/** A Bloom filter (BIP37; Bitcoin Core `CBloomFilter`). */
export class BloomFilter {
  constructor(
    readonly data: Uint8Array,
    readonly functions: number,
    readonly tweak: number,
    readonly flags: number,
  ) {}

  /** One for `elements` things, of which others match by chance at `rate`. */
  static sized(elements: number, rate: number, tweak: number, flags = 0): BloomFilter {
    const bits = (-1 / Math.LN2 ** 2) * elements * Math.log(rate);
    const bytes = Math.floor(Math.min(bits, MAX_FILTER_BYTES * 8) / 8);
    const functions = Math.floor(Math.min(((bytes * 8) / elements) * Math.LN2, MAX_FILTER_FUNCTIONS));
    return new BloomFilter(new Uint8Array(Math.max(1, bytes)), Math.max(1, functions), tweak, flags);
  }

  static from({ data, functions, tweak, flags }: FilterLoadMessage): BloomFilter {
    return new BloomFilter(data.slice(), functions, tweak, flags);
  }

  /** One that nothing matches: what a peer is left with when we are done. */
  static nothing(): BloomFilter {
    return new BloomFilter(new Uint8Array(1), 1, 0, 0);
  }

  message(): FilterLoadMessage {
    return {
      command: 'filterload',
      data: this.data,
      functions: this.functions,
      tweak: this.tweak,
      flags: this.flags,
    };
  }

  insert(element: Uint8Array): void {
    for (const bit of this.#bits(element)) {
      const byte = bit >>> 3;
      this.data[byte] = (this.data[byte] ?? 0) | (1 << (bit & 7));
    }
  }

  /** A filter of no bytes holds everything. */
  has(element: Uint8Array): boolean {
    return this.#bits(element).every((bit) => ((this.data[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0);
  }

  #bits(element: Uint8Array): number[] {
    if (this.data.length === 0) return [];
    return Array.from(
      { length: this.functions },
      (_, i) => murmur3((Math.imul(i, SEED_STEP) + this.tweak) >>> 0, element) % (this.data.length * 8),
    );
  }
}
