import { createHash } from 'node:crypto';
import { aggregateSerializedPublicKeys, SecretKey } from '@chainsafe/blst';
import { reversed, toBareHex } from '../../proofs/bytes.js';

/** Order of the groups of BLS12-381. */
const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

/** Validators of this chain: more than a committee has, so that committees differ; nine a slot. */
export const VALIDATOR_COUNT = 72;

/** Signature of nobody: the point at infinity (Altair, `G2_POINT_AT_INFINITY`). */
export const INFINITY_SIGNATURE: Uint8Array = Uint8Array.of(0xc0, ...new Uint8Array(95));

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${toBareHex(bytes)}`);
}

function keyOf(scalar: bigint): SecretKey {
  return SecretKey.fromBytes(Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex'));
}

/** Secret scalar of a validator: SHA-256 of its index, both little-endian, modulo the order (eth2.0-pm, mocked start). */
function interopScalar(index: number): bigint {
  const preimage = new Uint8Array(32);
  new DataView(preimage.buffer).setUint32(0, index, true);
  return integer(reversed(createHash('sha256').update(preimage).digest())) % ORDER;
}

/** Keys of every validator, as all development networks have them: worthless anywhere else. */
export class InteropKeys {
  readonly #scalars: readonly bigint[];
  /** 48 bytes each, by validator index. */
  readonly publicKeys: readonly Uint8Array[];
  readonly #indices: ReadonlyMap<string, number>;

  constructor(count = VALIDATOR_COUNT) {
    this.#scalars = Array.from({ length: count }, (_, index) => interopScalar(index));
    this.publicKeys = this.#scalars.map((scalar) => keyOf(scalar).toPublicKey().toBytes());
    this.#indices = new Map(this.publicKeys.map((key, index) => [toBareHex(key), index]));
  }

  /** Validator index of a public key; `undefined` where it is nobody's here. */
  indexOf(publicKey: Uint8Array): number | undefined {
    return this.#indices.get(toBareHex(publicKey));
  }

  /** Signature of one validator: 96 bytes. */
  sign(index: number, message: Uint8Array): Uint8Array {
    return this.aggregate([index], message);
  }

  /** Aggregate of the validators' signatures over one message: made with the sum of their keys, which gives the same point. */
  aggregate(indices: readonly number[], message: Uint8Array): Uint8Array {
    const sum = indices.reduce((total, index) => total + this.#scalar(index), 0n) % ORDER;
    return sum === 0n ? INFINITY_SIGNATURE : keyOf(sum).sign(message).toBytes();
  }

  #scalar(index: number): bigint {
    const scalar = this.#scalars[index];
    if (scalar === undefined) throw new RangeError(`no validator ${index}`);
    return scalar;
  }
}

/** Sum of public keys: 48 bytes. */
export function aggregateKeys(keys: readonly Uint8Array[]): Uint8Array {
  return aggregateSerializedPublicKeys([...keys]).toBytes();
}
