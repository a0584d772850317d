import { toBareHex } from '../../proofs/bytes.js';
import type { ParsedBlock } from './block.js';
import type { BlockEntry } from './blockIndex.js';
import { checkInputs } from './checkTransaction.js';
import { type Coin, type CoinOverlay, outpoint, type Undo } from './coins.js';
import { BlockRejectedError, CorruptChainError, TransactionRejectedError } from './errors.js';
import { subsidy } from './params.js';

/**
 * Applies a block to the coins after `parent` (`ConnectBlock`).
 * @param checked ids (with witness) of transactions whose signatures were checked before
 * @returns what undoes it
 * @throws BlockRejectedError; the overlay is then worthless
 */
export function connectBlock(
  block: ParsedBlock,
  parent: BlockEntry,
  coins: CoinOverlay,
  checked: (witnessId: string) => boolean,
): Undo {
  const height = parent.height + 1;
  const undo: (readonly [string, Coin])[] = [];
  let fees = 0n;
  for (const { tx, id } of block.transactions) {
    const coinbase = tx.isCoinbase();
    if (!coinbase) {
      const spending = spend(tx, coins, parent, checked);
      fees += spending.fee;
      tx.ins.forEach(({ hash, index }, i) => {
        const key = outpoint(toBareHex(hash), index);
        const coin = spending.coins[i];
        if (coin !== undefined) undo.push([key, coin]);
        coins.remove(key);
      });
    }
    tx.outs.forEach(({ value, script }, i) => {
      if (isSpendable(script)) coins.add(outpoint(id, i), { value, script, height, coinbase });
    });
  }
  const claimed = block.transactions[0]?.tx.outs.reduce((sum, { value }) => sum + value, 0n) ?? 0n;
  const allowed = subsidy(height) + fees;
  if (claimed > allowed)
    throw new BlockRejectedError(
      'bad-cb-amount',
      `coinbase pays too much (actual=${claimed} vs limit=${allowed})`,
    );
  return undo;
}

function spend(
  tx: ParsedBlock['transactions'][number]['tx'],
  coins: CoinOverlay,
  parent: BlockEntry,
  checked: (witnessId: string) => boolean,
): ReturnType<typeof checkInputs> {
  try {
    return checkInputs(tx, coins, parent, !checked(toBareHex(tx.getHash(true))));
  } catch (error) {
    if (error instanceof TransactionRejectedError) throw new BlockRejectedError(error.reason, error.message);
    throw error;
  }
}

/** Takes a block back: its outputs go, what it spent returns. */
export function disconnectBlock(block: ParsedBlock, undo: Undo, coins: CoinOverlay): void {
  let at = undo.length;
  for (const { tx, id } of [...block.transactions].reverse()) {
    tx.outs.forEach(({ script }, i) => {
      if (isSpendable(script)) coins.remove(outpoint(id, i));
    });
    if (tx.isCoinbase()) continue;
    for (let i = tx.ins.length - 1; i >= 0; i--) {
      const entry = undo[--at];
      if (entry === undefined) throw new CorruptChainError(`undo data of block ${block.key} is too short`);
      coins.add(...entry);
    }
  }
  if (at !== 0) throw new CorruptChainError(`undo data of block ${block.key} is too long`);
}

/** Outputs that can never be spent are not kept (`CScript::IsUnspendable`). */
export function isSpendable(script: Uint8Array): boolean {
  return script[0] !== 0x6a && script.length <= 10_000;
}
