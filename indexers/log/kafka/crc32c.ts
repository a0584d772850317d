/** Castagnoli's polynomial, reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256 in one array, for eight bytes a step (RFC 3720, appendix B.4, gives the checksum itself). */
const TABLES: Int32Array = (() => {
  const all = new Int32Array(8 * 256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    all[i] = value;
  }
  for (let i = 256; i < all.length; i++) {
    const before = all[i - 256] ?? 0;
    all[i] = (before >>> 8) ^ (all[before & 0xff] ?? 0);
  }
  return all;
})();

/** CRC-32C, as Kafka's record batches bear it. */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables = TABLES;
  let crc = -1;
  let at = 0;
  // Every index is below 2,048.
  const of = (index: number): number => tables[index] as number;
  for (const end = bytes.length & ~7; at < end; at += 8) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc =
      of(0x700 | (low & 0xff)) ^
      of(0x600 | ((low >>> 8) & 0xff)) ^
      of(0x500 | ((low >>> 16) & 0xff)) ^
      of(0x400 | (low >>> 24)) ^
      of(0x300 | (high & 0xff)) ^
      of(0x200 | ((high >>> 8) & 0xff)) ^
      of(0x100 | ((high >>> 16) & 0xff)) ^
      of(high >>> 24);
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ of((crc ^ (bytes[at] as number)) & 0xff);
  return ~crc >>> 0;
}
