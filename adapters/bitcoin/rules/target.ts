const BITS_256 = 1n << 256n;

/** What a compact target (`nBits`) says: Bitcoin Core `arith_uint256::SetCompact`. */
export type CompactTarget =
  | { readonly kind: 'target'; readonly target: bigint }
  /** Never a valid proof-of-work target. */
  | { readonly kind: 'negative' | 'zero' | 'overflow' };

/**
 * Decodes a compact target: one byte of exponent (base 256), a sign bit, 23 bits of mantissa.
 * @param bits unsigned 32 bits
 */
export function decodeCompact(bits: number): CompactTarget {
  const size = bits >>> 24;
  let word = bits & 0x007fffff;
  if (size <= 3) word >>>= 8 * (3 - size);
  // The reference client calls a number with the sign bit negative only when its (shifted) mantissa is not zero.
  if (word === 0) return { kind: 'zero' };
  if ((bits & 0x00800000) !== 0) return { kind: 'negative' };
  if (size > 34 || (word > 0xff && size > 33) || (word > 0xffff && size > 32)) return { kind: 'overflow' };
  return { kind: 'target', target: size <= 3 ? BigInt(word) : BigInt(word) << BigInt(8 * (size - 3)) };
}

/**
 * The compact form of a target, rounded down to 23 bits of mantissa (`arith_uint256::GetCompact`).
 * @param target below 2^256, not negative
 */
export function encodeCompact(target: bigint): number {
  let size = target === 0n ? 0 : Math.ceil(target.toString(16).length / 2);
  let word = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)));
  // The sign bit must stay free.
  if ((word & 0x00800000) !== 0) {
    word >>>= 8;
    size++;
  }
  return ((size << 24) | word) >>> 0;
}

/** Expected number of hashes for one block: floor(2^256 / (target + 1)) (Bitcoin Core `GetBlockProof`). */
export function workOfTarget(target: bigint): bigint {
  return BITS_256 / (target + 1n);
}

/** A valid compact target with everything that is derived from it. */
export interface BitsInfo {
  readonly target: bigint;
  /** 32 bytes, least significant first, as block hashes are in internal order. */
  readonly bytes: Uint8Array;
  readonly work: bigint;
}

const MEMO_LIMIT = 64;
const memo = new Map<number, BitsInfo | undefined>();

/** `undefined` for a compact target that is negative, zero or above 256 bits. Remembers the last few. */
export function describeBits(bits: number): BitsInfo | undefined {
  if (memo.has(bits)) return memo.get(bits);
  if (memo.size >= MEMO_LIMIT) memo.clear();
  const compact = decodeCompact(bits);
  const info =
    compact.kind === 'target'
      ? {
          target: compact.target,
          bytes: littleEndian32(compact.target),
          work: workOfTarget(compact.target),
        }
      : undefined;
  memo.set(bits, info);
  return info;
}

/** Work of one block with these bits; 0n when they are no valid target (as `GetBlockProof`). */
export function workOfBits(bits: number): bigint {
  return describeBits(bits)?.work ?? 0n;
}

/** Whether `hash` (internal order), read as a number, is at most the target (32 bytes, least significant first). */
export function meetsTarget(hash: Uint8Array, target: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (hash[i] ?? 0) - (target[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

function littleEndian32(value: bigint): Uint8Array {
  const out = new Uint8Array(32);
  for (let i = 0, rest = value; i < 32; i++, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
}
