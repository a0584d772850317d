import { concatBytes } from '../../../proofs/bytes.js';

/** Snappy's framing format (framing_format.txt): compressed and raw chunks; checksums are not looked at. */
export function decompressFramed(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const type = byteAt(bytes, at);
    const length = byteAt(bytes, at + 1) | (byteAt(bytes, at + 2) << 8) | (byteAt(bytes, at + 3) << 16);
    const body = bytes.subarray(at + 8, at + 4 + length);
    if (type === 0x00) parts.push(decompress(body));
    else if (type === 0x01) parts.push(body);
    else if (type < 0x80) throw new Error(`snappy chunk of type ${type}`);
    at += 4 + length;
  }
  return concatBytes(...parts);
}

/** Snappy's block format (format_description.txt). */
export function decompress(bytes: Uint8Array): Uint8Array {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = byteAt(bytes, at++);
    size |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const out = new Uint8Array(size);
  let end = 0;
  while (at < bytes.length) {
    const tag = byteAt(bytes, at++);
    const number = (length: number) => {
      let value = 0;
      for (let i = 0; i < length; i++) value += byteAt(bytes, at++) * 2 ** (8 * i);
      return value;
    };
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const length = 1 + (short < 60 ? short : number(short - 59));
      out.set(bytes.subarray(at, at + length), end);
      at += length;
      end += length;
      continue;
    }
    const length = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const offset = kind === 1 ? ((tag >> 5) << 8) + number(1) : number(kind === 2 ? 2 : 4);
    if (offset === 0 || offset > end) throw new Error('snappy copy from outside');
    for (let i = 0; i < length; i++, end++) out[end] = byteAt(out, end - offset);
  }
  if (end !== size) throw new Error(`snappy gave ${end} bytes, promised ${size}`);
  return out;
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new Error('snappy data ends too early');
  return byte;
}
