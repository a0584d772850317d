import { secp256k1 } from '@noble/curves/secp256k1.js';
import { crypto, script as scriptCodec, type Transaction } from 'bitcoinjs-lib';
import { scriptType } from '../../adapters/bitcoin/proofs/solver.js';
import { bytesEqual } from '../../proofs/bytes.js';
import type { Coin } from './coins.js';
import { TransactionRejectedError } from './errors.js';
import { OP_TRUE } from './script.js';

const FAILED = 'mandatory-script-verify-flag-failed';

/**
 * Checks that input `index` may spend `coin`.
 *
 * This node has no script interpreter. It knows the spends that a local network makes: P2WPKH and P2PKH by
 * their signature, and a bare OP_TRUE. Any other spend is refused, also inside a block: such a block would be
 * valid for Bitcoin Core, so a network that needs it must run bitcoind.
 * @throws TransactionRejectedError
 */
export function checkSpend(tx: Transaction, index: number, coin: Coin): void {
  const input = tx.ins[index];
  if (input === undefined) throw new TransactionRejectedError(FAILED, `no input ${index}`);
  switch (scriptType(coin.script)) {
    case 'witness_v0_keyhash': {
      if (input.script.length !== 0)
        throw new TransactionRejectedError(FAILED, `input ${index}: witness program with a scriptSig`);
      const [signature, publicKey] = input.witness;
      if (input.witness.length !== 2 || signature === undefined || publicKey === undefined)
        throw new TransactionRejectedError(FAILED, `input ${index}: a P2WPKH spend has two witness items`);
      if (publicKey.length !== 33)
        throw new TransactionRejectedError(FAILED, `input ${index}: key is not compressed`);
      const code = keyHashScript(coin.script.subarray(2));
      checkKeySpend(index, coin.script.subarray(2), signature, publicKey, (type) =>
        tx.hashForWitnessV0(index, code, coin.value, type),
      );
      return;
    }
    case 'pubkeyhash': {
      const chunks = scriptCodec.decompile(input.script);
      const [signature, publicKey] = chunks ?? [];
      if (chunks?.length !== 2 || !(signature instanceof Uint8Array) || !(publicKey instanceof Uint8Array))
        throw new TransactionRejectedError(
          FAILED,
          `input ${index}: a P2PKH spend pushes a signature and a key`,
        );
      if (input.witness.length !== 0)
        throw new TransactionRejectedError(FAILED, `input ${index}: unexpected witness`);
      checkKeySpend(index, coin.script.subarray(3, 23), signature, publicKey, (type) =>
        tx.hashForSignature(index, coin.script, type),
      );
      return;
    }
    default:
      if (
        coin.script.length === 1 &&
        coin.script[0] === OP_TRUE &&
        input.script.length === 0 &&
        input.witness.length === 0
      )
        return;
      throw new TransactionRejectedError(
        FAILED,
        `input ${index}: this node spends P2WPKH, P2PKH and OP_TRUE only, not ${scriptType(coin.script)}`,
      );
  }
}

function checkKeySpend(
  index: number,
  keyHash: Uint8Array,
  encoded: Uint8Array,
  publicKey: Uint8Array,
  digest: (hashType: number) => Uint8Array,
): void {
  if (!bytesEqual(crypto.hash160(publicKey), keyHash))
    throw new TransactionRejectedError(FAILED, `input ${index}: the key does not match the output`);
  let valid = false;
  try {
    const { signature, hashType } = scriptCodec.signature.decode(encoded);
    // Consensus accepts high-S signatures; BIP 66 (strict DER) is what the codec enforces.
    valid = secp256k1.verify(signature, digest(hashType), publicKey, { prehash: false, lowS: false });
  } catch (error) {
    throw new TransactionRejectedError(
      FAILED,
      `input ${index}: ${error instanceof Error ? error.message : 'bad signature'}`,
    );
  }
  if (!valid) throw new TransactionRejectedError(FAILED, `input ${index}: the signature does not hold`);
}

/** The P2PKH script of a key's hash, which is also what a P2WPKH signature covers (BIP 143). */
export function keyHashScript(hash: Uint8Array): Uint8Array {
  const script = new Uint8Array(25);
  script.set([0x76, 0xa9, 20], 0);
  script.set(hash, 3);
  script.set([0x88, 0xac], 23);
  return script;
}
