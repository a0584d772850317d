import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { crypto, script as scriptCodec, Transaction } from 'bitcoinjs-lib';
import { bytesEqual, concatBytes, fromHex, reversed, toBareHex } from '../../proofs/bytes.js';
import type { ChainChange } from './chain.js';
import { type Coin, outpointParts } from './coins.js';
import { InsufficientFundsError } from './errors.js';
import type { Mempool } from './mempool.js';
import { COINBASE_MATURITY } from './params.js';
import { addressOf, REGTEST_ADDRESSES } from './script.js';
import { keyHashScript } from './spend.js';

/** Outputs smaller than this are not worth spending (`GetDustThreshold` of P2WPKH). */
export const DUST = 294n;
/** Satoshi per virtual byte that the wallet pays. */
const FEE_RATE = 2n;
const INPUT_SIZE = 68n;
const BASE_SIZE = 11n;

export interface WalletBalance {
  readonly spendable: bigint;
  readonly immature: bigint;
}

/** One P2WPKH key and the coins that it owns. For a test chain only: the key lies in a file, readable by its owner. */
export class Wallet {
  readonly #secret: Uint8Array;
  readonly #publicKey: Uint8Array;
  readonly #coins = new Map<string, Coin>();
  /** Script that pays to the wallet. */
  readonly script: Uint8Array;
  readonly address: string;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
    this.#publicKey = secp256k1.getPublicKey(secret, true);
    this.script = concatBytes(Uint8Array.of(0, 20), crypto.hash160(this.#publicKey));
    this.address = addressOf(this.script, REGTEST_ADDRESSES) ?? '';
  }

  /** The key of the folder's `wallet.json`, made on first use and on disk before it is used. */
  static open(dataDir: string): Wallet {
    const path = join(dataDir, 'wallet.json');
    if (!existsSync(path)) {
      mkdirSync(dataDir, { recursive: true });
      const file = openSync(`${path}.new`, 'w', 0o600);
      writeSync(file, JSON.stringify({ privateKey: toBareHex(secp256k1.utils.randomSecretKey()) }));
      fsyncSync(file);
      closeSync(file);
      renameSync(`${path}.new`, path);
    }
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const key =
      typeof content === 'object' && content !== null && 'privateKey' in content ? content.privateKey : '';
    return new Wallet(fromHex(String(key), `private key in ${path}`, 32));
  }

  /** Coins found on disk at start. */
  load(key: string, coin: Coin): void {
    if (bytesEqual(coin.script, this.script)) this.#coins.set(key, coin);
  }

  apply(change: ChainChange): void {
    for (const [key, coin] of change.coins) {
      if (coin === undefined) this.#coins.delete(key);
      else this.load(key, coin);
    }
  }

  balance(tipHeight: number, mempool: Mempool): WalletBalance {
    let spendable = 0n;
    let immature = 0n;
    for (const [key, coin] of this.#coins) {
      if (mempool.coin(key) === undefined) continue;
      if (isMature(coin, tipHeight)) spendable += coin.value;
      else immature += coin.value;
    }
    for (const [, coin] of this.#change(mempool)) spendable += coin.value;
    return { spendable, immature };
  }

  /** Unspent outputs of waiting transactions that pay to the wallet and that it sent itself. */
  *#change(mempool: Mempool): Iterable<readonly [string, Coin]> {
    for (const { tx, id } of mempool.entries()) {
      if (!tx.ins.every(({ witness }) => witness[1] !== undefined && bytesEqual(witness[1], this.#publicKey)))
        continue;
      for (const [index, out] of tx.outs.entries()) {
        const key = id + toBareHex(Uint8Array.of(index & 0xff, (index >> 8) & 0xff, 0, 0));
        const coin = mempool.coin(key);
        if (coin !== undefined && bytesEqual(out.script, this.script)) yield [key, coin];
      }
    }
  }

  /**
   * A signed transaction that pays `amount` satoshi to `script`, oldest coins first, change back to the wallet.
   * @param subtractFee whether the receiver pays the fee
   * @throws InsufficientFundsError
   */
  pay(
    script: Uint8Array,
    amount: bigint,
    tipHeight: number,
    mempool: Mempool,
    subtractFee = false,
  ): Transaction {
    const outputs = BigInt(9 + script.length) + BigInt(9 + this.script.length);
    const chosen: (readonly [string, Coin])[] = [];
    let total = 0n;
    let fee = 0n;
    for (const candidate of this.#spendable(tipHeight, mempool)) {
      chosen.push(candidate);
      total += candidate[1].value;
      fee = FEE_RATE * (BASE_SIZE + outputs + INPUT_SIZE * BigInt(chosen.length));
      if (total >= amount + (subtractFee ? 0n : fee)) break;
    }
    const needed = amount + (subtractFee ? 0n : fee);
    if (chosen.length === 0 || total < needed || (subtractFee && amount <= fee))
      throw new InsufficientFundsError(needed, total);
    const tx = new Transaction();
    tx.version = 2;
    for (const [key] of chosen) {
      const { id, index } = outpointParts(key);
      tx.addInput(fromHex(id, 'txid', 32), index, 0xfffffffd);
    }
    tx.addOutput(script, subtractFee ? amount - fee : amount);
    const change = total - needed;
    if (change >= DUST) tx.addOutput(this.script, change);
    for (const [i, [, coin]] of chosen.entries()) this.#sign(tx, i, coin);
    return tx;
  }

  *#spendable(tipHeight: number, mempool: Mempool): Iterable<readonly [string, Coin]> {
    const own = [...this.#coins].filter(
      ([key, coin]) => isMature(coin, tipHeight) && mempool.coin(key) !== undefined,
    );
    own.sort((a, b) => a[1].height - b[1].height || (a[0] < b[0] ? -1 : 1));
    yield* own;
    yield* this.#change(mempool);
  }

  #sign(tx: Transaction, index: number, coin: Coin): void {
    const digest = tx.hashForWitnessV0(
      index,
      keyHashScript(this.script.subarray(2)),
      coin.value,
      Transaction.SIGHASH_ALL,
    );
    const signature = secp256k1.sign(digest, this.#secret, { prehash: false });
    tx.setWitness(index, [scriptCodec.signature.encode(signature, Transaction.SIGHASH_ALL), this.#publicKey]);
  }
}

function isMature(coin: Coin, tipHeight: number): boolean {
  return !coin.coinbase || tipHeight + 1 - coin.height >= COINBASE_MATURITY;
}

/** A txid as users read it. */
export function displayId(id: string): string {
  return toBareHex(reversed(fromHex(id, 'txid', 32)));
}
