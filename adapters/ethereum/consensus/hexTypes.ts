import { BitVectorType, ByteVectorType } from '@chainsafe/ssz';
import { ByteListType } from '../../../proofs/containers/lists.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';

/** Value of a hex digit by its character code; 255 where it is none. */
const DIGITS = new Uint8Array(256).fill(255);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  DIGITS[digit.charCodeAt(0)] = value;
  DIGITS[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Bytes of `0x` hex, any case: a committee brings 513 keys in it, so it is read digit by digit without slices. */
function readHex(text: unknown): Uint8Array {
  if (typeof text !== 'string' || !text.startsWith('0x') || text.length % 2 !== 0)
    throw new MalformedInputError('hex', 'is no text of 0x and pairs of digits');
  const bytes = new Uint8Array(text.length / 2 - 1);
  let worst = 0;
  for (let i = 0, at = 2; i < bytes.length; i++, at += 2) {
    const high = digitAt(text, at);
    const low = digitAt(text, at + 1);
    worst |= high | low;
    bytes[i] = high * 16 + low;
  }
  if (worst > 15) throw new MalformedInputError('hex', 'has a character that is no digit');
  return bytes;
}

function digitAt(text: string, at: number): number {
  return DIGITS[text.charCodeAt(at)] ?? 255;
}

/** Bytes whose JSON is read strictly: the library's own reader takes what is no digit for zero. */
class HexVectorType extends ByteVectorType {
  override fromJson(json: unknown): Uint8Array {
    const bytes = readHex(json);
    this.assertValidByteLength(bytes.length);
    return bytes;
  }
}

class HexListType extends ByteListType {
  override fromJson(json: unknown): Uint8Array {
    const bytes = readHex(json);
    this.assertValidByteLength(bytes.length);
    return bytes;
  }
}

/** Bits whose JSON is read strictly. */
export class HexBitVectorType extends BitVectorType {
  override fromJson(json: unknown) {
    return this.deserialize(readHex(json));
  }
}

export const HexBytes20: ByteVectorType = new HexVectorType(20);
export const HexBytes32: ByteVectorType = new HexVectorType(32);
/** A compressed key. */
export const HexBytes48: ByteVectorType = new HexVectorType(48);
/** A compressed signature. */
export const HexBytes96: ByteVectorType = new HexVectorType(96);
export const HexBytes256: ByteVectorType = new HexVectorType(256);
/** At most 32 bytes. */
export const HexList32: InstanceType<typeof ByteListType> = new HexListType(32);
