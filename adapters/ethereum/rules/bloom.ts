import { keccak_256 } from '@noble/hashes/sha3.js';

/** What a log adds to a bloom: its address (20 bytes) and topics (32 bytes each). */
export interface BloomEntry {
  readonly address: Uint8Array;
  readonly topics: readonly Uint8Array[];
}

/** The 256-byte bloom of a receipt's logs (Yellow Paper section 4.4.1): three bits of 2048 an address or topic. */
export function bloomOf(logs: readonly BloomEntry[]): Uint8Array {
  const bloom = new Uint8Array(256);
  const add = (value: Uint8Array) => {
    const hash = keccak_256(value);
    for (let i = 0; i < 6; i += 2) {
      const bit = (((hash[i] ?? 0) << 8) | (hash[i + 1] ?? 0)) & 0x7ff;
      const at = 255 - (bit >> 3);
      bloom[at] = (bloom[at] ?? 0) | (1 << (bit & 7));
    }
  };
  for (const log of logs) {
    add(log.address);
    for (const topic of log.topics) add(topic);
  }
  return bloom;
}
