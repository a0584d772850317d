import { ByteVectorType, UintBigintType, UintNumberType } from '@chainsafe/ssz';

/** SSZ types shared by all containers. Heights, slots and times are `number` (at most 2^53), amounts `bigint`. */
export const Uint8 = new UintNumberType(1);
export const Uint16 = new UintNumberType(2);
export const Uint32 = new UintNumberType(4);
/** A 64-bit count that is a height, slot, size or time: safe as a `number`. */
export const Count64 = new UintNumberType(8);
/** A 64-bit amount. */
export const Uint64 = new UintBigintType(8);
export const Uint256 = new UintBigintType(32);
export const Bytes4 = new ByteVectorType(4);
export const Bytes8 = new ByteVectorType(8);
/** An account: the last 20 bytes of the Keccak-256 of the uncompressed secp256k1 key (as on EVM chains). */
export const Account = new ByteVectorType(20);
export const Bytes32 = new ByteVectorType(32);
/** A compressed BLS12-381 G1 point. */
export const BlsPublicKey = new ByteVectorType(48);
/** Recoverable ECDSA: r ‖ s ‖ v, v being 0 or 1, s in the lower half. */
export const EcdsaSignature = new ByteVectorType(65);
/** A compressed BLS12-381 G2 point. */
export const BlsSignature = new ByteVectorType(96);
