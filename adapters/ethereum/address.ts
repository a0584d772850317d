import { keccak_256 } from '@noble/hashes/sha3.js';
import { fromHex, toBareHex, utf8 } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';

/**
 * 20 bytes of an address. One in both cases has to have the checksum of EIP-55: a mistyped address is no account, and could be
 * proven not to exist.
 * @throws MalformedInputError
 */
export function parseEthereumAddress(text: string): Uint8Array {
  if (!text.startsWith('0x'))
    throw new MalformedInputError('address', `does not begin with 0x: ${text.slice(0, 80)}`);
  const bytes = fromHex(text, 'address', 20);
  const digits = text.slice(2);
  const lower = digits.toLowerCase();
  if (digits === lower || digits === digits.toUpperCase()) return bytes;
  const hash = toBareHex(keccak_256(utf8(lower)));
  const expected = [...lower].map((digit, i) =>
    Number.parseInt(hash[i] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit,
  );
  if (expected.join('') !== digits)
    throw new MalformedInputError('address', `has a wrong checksum (EIP-55): ${text}`);
  return bytes;
}
