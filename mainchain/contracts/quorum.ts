import type { BitArray } from '@chainsafe/ssz';
import type { Bls } from '../../proofs/bls/bls.js';
import { type DelegateSet, quorum } from '../../proofs/containers/consensus.js';
import { BadBitsError, BadQuorumSignatureError, NoQuorumError } from './errors.js';

/**
 * Checks that more than two thirds of `members` signed `message`.
 * @throws BadBitsError unless there is exactly one bit a delegate; NoQuorumError; BadQuorumSignatureError
 */
export function checkQuorum(
  bls: Bls,
  members: DelegateSet,
  bits: BitArray,
  message: Uint8Array,
  signature: Uint8Array,
): void {
  if (bits.bitLen !== members.length) {
    throw new BadBitsError(`${bits.bitLen} bits for ${members.length} delegates`);
  }
  const signers = members.filter((_, i) => bits.get(i));
  const needed = quorum(members.length);
  if (signers.length < needed) {
    throw new NoQuorumError(`${signers.length} of ${members.length} delegates signed, ${needed} needed`);
  }
  const keys = signers.map((d) => d.blsKey);
  if (!bls.fastAggregateVerify(keys, message, signature)) {
    throw new BadQuorumSignatureError('the signature is not that of the delegates named');
  }
}
