/** Castagnoli's polynomial, reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables, for eight bytes a step (RFC 3720, appendix B.4, gives the checksum itself). */
const tables: readonly Int32Array[] = (() => {
  const first = Int32Array.from({ length: 256 }, (_, i) => {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    return value;
  });
  const all = [first];
  for (let i = 1; i < 8; i++) {
    const before = all[i - 1] ?? first;
    all.push(before.map((value) => (value >>> 8) ^ (first[value & 0xff] ?? 0)));
  }
  return all;
})();
const [T0, T1, T2, T3, T4, T5, T6, T7] = tables as [
  ...[Int32Array, Int32Array, Int32Array, Int32Array],
  ...[Int32Array, Int32Array, Int32Array, Int32Array],
];

/** CRC-32C, as Kafka's record batches bear it. */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const get = (table: Int32Array, index: number): number => table[index & 0xff] as number;
  let crc = -1;
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc =
      get(T7, low) ^
      get(T6, low >>> 8) ^
      get(T5, low >>> 16) ^
      get(T4, low >>> 24) ^
      get(T3, high) ^
      get(T2, high >>> 8) ^
      get(T1, high >>> 16) ^
      get(T0, high >>> 24);
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ get(T0, crc ^ (bytes[at] as number));
  return ~crc >>> 0;
}
