import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import type { Leaf } from '../../../proofs/containers/leaf.js';
import { ByteListType } from '../../../proofs/containers/lists.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { ForeignHeader } from '../../types.js';
import {
  decodeEthereumHeader,
  type EthereumHeader,
  ethereumBlockHash,
  foreignEthereumHeader,
  MAX_HEADER_BYTES,
} from '../rules/header.js';
import { reading } from './common.js';

/** A raw header, where a payload needs fields of it that leaves do not have. */
export const RawHeaderType = new ByteListType(MAX_HEADER_BYTES);

/** Reads the raw header of the leaf's own block. @throws ProofError `block-mismatch` */
export function headerOfLeaf(raw: Uint8Array, leaf: Leaf): EthereumHeader {
  const hash = ethereumBlockHash(raw);
  if (!bytesEqual(hash, leaf.blockHash)) {
    throw new ProofError(
      'block-mismatch',
      `the header is of block ${toHex(hash)}, the proof of ${toHex(leaf.blockHash)}`,
    );
  }
  return reading('block-mismatch', () => decodeEthereumHeader(raw));
}

/**
 * A raw header without context. It has nothing of its own that could be checked: its hash is what the user compares.
 * @throws ProofError `malformed`
 */
export function readEthereumHeader(raw: Uint8Array): ForeignHeader {
  try {
    const { number } = decodeEthereumHeader(raw);
    if (number > BigInt(Number.MAX_SAFE_INTEGER))
      throw new MalformedInputError('header number', 'is out of range');
    return foreignEthereumHeader(raw, Number(number));
  } catch (error) {
    if (error instanceof MalformedInputError) throw new ProofError('malformed', error.message, error);
    throw error;
  }
}
