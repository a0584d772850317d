import { keccak_256 } from '@noble/hashes/sha3.js';

/** Hash of the empty list of ommers: Keccak-256 of its RLP (Yellow Paper section 4.4; EIP-3675). */
export const EMPTY_OMMERS_HASH: Uint8Array = keccak_256(Uint8Array.of(0xc0));
