import { decompressFramed } from './snappy.js';

/** `CompressedHeader`: snappy-framed RLP (era1 format, entry type 0x03). */
const HEADER = 0x03;

/** Raw headers of an era1 file: e2store entries of type (2 bytes), length (4 bytes, little-endian), two zero bytes. */
export function era1Headers(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headers: Uint8Array[] = [];
  for (let at = 0; at + 8 <= file.length; ) {
    const length = view.getUint32(at + 2, true);
    if (view.getUint16(at, true) === HEADER)
      headers.push(decompressFramed(file.subarray(at + 8, at + 8 + length)));
    at += 8 + length;
  }
  return headers;
}
