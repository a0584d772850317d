import { fromHex } from '../../proofs/bytes.js';
import { readBytes } from '../files.js';

/** Hex, or after `@` the name of a file of hex or of raw bytes. @throws MalformedInputError, FileError */
export async function bytesOf(text: string, what: string): Promise<Uint8Array> {
  return text.startsWith('@') ? hexOrBytes(await readBytes(text.slice(1))) : fromHex(text, what);
}

/** What a file holds: its hex without 0x, or else itself. */
export function hexOrBytes(bytes: Uint8Array): Uint8Array {
  const isHex = bytes.every(
    (byte) =>
      (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66) || byte === 0x0a || byte === 0x0d,
  );
  return isHex ? fromHex(new TextDecoder().decode(bytes).trim(), 'the file') : bytes;
}
