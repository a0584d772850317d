import type { Transaction } from 'bitcoinjs-lib';
import { isZero, toBareHex } from '../../proofs/bytes.js';
import type { CrossrootError } from '../../proofs/errors/base.js';
import { ancestorAt, type BlockEntry, medianTimePast } from './blockIndex.js';
import { type Coin, type CoinSource, outpoint } from './coins.js';
import { TransactionRejectedError } from './errors.js';
import { COINBASE_MATURITY, MAX_BLOCK_WEIGHT, MAX_MONEY } from './params.js';
import { checkSpend } from './spend.js';

const LOCKTIME_THRESHOLD = 500_000_000;
const SEQUENCE_FINAL = 0xffffffff;

export function weightOf(tx: Transaction): number {
  return tx.byteLength(false) * 3 + tx.byteLength(true);
}

/** Rules of a transaction on its own (`CheckTransaction` in Bitcoin Core's `tx_check.cpp`). */
export function checkTransaction(
  tx: Transaction,
  fail: (reason: string, message: string) => CrossrootError,
): void {
  if (tx.ins.length === 0) throw fail('bad-txns-vin-empty', 'no inputs');
  if (tx.outs.length === 0) throw fail('bad-txns-vout-empty', 'no outputs');
  if (tx.byteLength(false) * 4 > MAX_BLOCK_WEIGHT) throw fail('bad-txns-oversize', 'too large');
  let total = 0n;
  for (const { value } of tx.outs) {
    if (value < 0n) throw fail('bad-txns-vout-negative', 'negative output');
    if (value > MAX_MONEY) throw fail('bad-txns-vout-toolarge', 'output too large');
    total += value;
    if (total > MAX_MONEY) throw fail('bad-txns-txouttotal-toolarge', 'outputs too large');
  }
  const seen = new Set(tx.ins.map(({ hash, index }) => outpoint(toBareHex(hash), index)));
  if (seen.size !== tx.ins.length) throw fail('bad-txns-inputs-duplicate', 'an input is spent twice');
  if (tx.isCoinbase()) {
    const size = tx.ins[0]?.script.length ?? 0;
    if (size < 2 || size > 100) throw fail('bad-cb-length', 'coinbase script size');
  } else if (tx.ins.some(({ hash, index }) => isZero(hash) && index === 0xffffffff)) {
    throw fail('bad-txns-prevout-null', 'an input has no outpoint');
  }
}

/** Whether the lock time allows the transaction in block `height` (`IsFinalTx`); `cutoff` is the median time past (BIP 113). */
export function isFinal(tx: Transaction, height: number, cutoff: number): boolean {
  if (tx.locktime === 0) return true;
  if (tx.locktime < (tx.locktime < LOCKTIME_THRESHOLD ? height : cutoff)) return true;
  return tx.ins.every(({ sequence }) => sequence === SEQUENCE_FINAL);
}

/** Whether relative lock times allow the transaction on top of `parent` (BIP 68, `SequenceLocks`). */
function sequenceLocksPass(tx: Transaction, coins: readonly Coin[], parent: BlockEntry): boolean {
  if (tx.version < 2) return true;
  return tx.ins.every(({ sequence }, i) => {
    const coin = coins[i];
    if (coin === undefined || (sequence & 0x80000000) !== 0) return true;
    const units = sequence & 0xffff;
    if ((sequence & 0x00400000) === 0) return parent.height + 1 >= coin.height + units;
    const before = ancestorAt(parent, Math.max(coin.height - 1, 0));
    return before !== undefined && medianTimePast(parent) >= medianTimePast(before) + units * 512;
  });
}

/** What `tx` spends, and its fee in satoshi, if it may be part of the block after `parent`. */
export interface Spending {
  readonly coins: readonly Coin[];
  readonly fee: bigint;
}

/**
 * Inputs exist, are mature and unlocked, cover the outputs (`Consensus::CheckTxInputs`) and, unless `scripts` is
 * false because they were checked before, are properly signed.
 * @throws TransactionRejectedError
 */
export function checkInputs(
  tx: Transaction,
  source: CoinSource,
  parent: BlockEntry,
  scripts: boolean,
): Spending {
  const coins: Coin[] = [];
  let total = 0n;
  for (const { hash, index } of tx.ins) {
    const coin = source.coin(outpoint(toBareHex(hash), index));
    if (coin === undefined)
      throw new TransactionRejectedError('bad-txns-inputs-missingorspent', 'an input is unknown or spent');
    const depth = parent.height + 1 - coin.height;
    if (coin.coinbase && depth < COINBASE_MATURITY)
      throw new TransactionRejectedError(
        'bad-txns-premature-spend-of-coinbase',
        `tried to spend coinbase at depth ${depth}`,
      );
    coins.push(coin);
    total += coin.value;
  }
  const fee = total - tx.outs.reduce((sum, { value }) => sum + value, 0n);
  if (fee < 0n)
    throw new TransactionRejectedError('bad-txns-in-belowout', 'outputs are worth more than inputs');
  if (!sequenceLocksPass(tx, coins, parent))
    throw new TransactionRejectedError('bad-txns-nonfinal', 'a relative lock time has not passed');
  if (scripts) for (const [i, coin] of coins.entries()) checkSpend(tx, i, coin);
  return { coins, fee };
}
