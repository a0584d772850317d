/** Little-endian 32 bits. @param value from 0 to 2^32 - 1 */
export function uint32le(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

/** Little-endian 64 bits. @param value from 0 to 2^64 - 1 */
export function uint64le(value: bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value, true);
  return out;
}

/** A `CompactSize` number in its shortest form (Bitcoin Core `WriteCompactSize`). @param value from 0 to 2^32 - 1 */
export function compactSize(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value);
  if (value <= 0xffff) return Uint8Array.of(0xfd, value & 0xff, value >> 8);
  return Uint8Array.of(0xfe, ...uint32le(value));
}
