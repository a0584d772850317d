import { scriptType } from '../../../adapters/bitcoin/proofs/solver.js';
import { decodeHeader } from '../../../adapters/bitcoin/rules/header.js';
import { reversed, toBareHex } from '../../../proofs/bytes.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { type ParsedTransaction, targetOf } from '../block.js';
import { type BlockEntry, medianTimePast } from '../blockIndex.js';
import { addressOf, scriptAsm } from '../script.js';
import { type ChainView, isActive } from '../view.js';
import { displayId } from '../wallet.js';
import { Amount } from './encode.js';

/** Target of difficulty 1. */
const DIFFICULTY_ONE = 0xffffn << 208n;

export function difficulty(bits: number): number {
  const target = targetOf(bits);
  return target === 0n ? 0 : Number((DIFFICULTY_ONE << 64n) / target) / 2 ** 64;
}

export function hex256(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

export function confirmations(view: ChainView, entry: BlockEntry): number {
  return isActive(view, entry) ? view.tip.height - entry.height + 1 : -1;
}

/** What `getblockheader` and `getblock` have in common (`blockheaderToJSON`). */
export function headerJson(view: ChainView, entry: BlockEntry): Record<string, unknown> {
  const fields = decodeHeader(entry.header);
  const next = isActive(view, entry) ? view.entryAt(entry.height + 1) : undefined;
  const hasParent = fields.parentHash.some((byte) => byte !== 0);
  return {
    hash: displayId(entry.key),
    confirmations: confirmations(view, entry),
    height: entry.height,
    version: fields.version,
    versionHex: (fields.version >>> 0).toString(16).padStart(8, '0'),
    merkleroot: toBareHex(reversed(fields.merkleRoot)),
    time: fields.time,
    mediantime: medianTimePast(entry),
    nonce: fields.nonce,
    bits: fields.bits.toString(16).padStart(8, '0'),
    target: hex256(targetOf(fields.bits)),
    difficulty: difficulty(fields.bits),
    chainwork: hex256(entry.work),
    nTx: entry.transactions,
    previousblockhash: hasParent ? toBareHex(reversed(fields.parentHash)) : undefined,
    nextblockhash: next === undefined ? undefined : displayId(next.key),
  };
}

export function scriptJson(view: ChainView, script: Uint8Array): Record<string, unknown> {
  return {
    asm: scriptAsm(script),
    hex: toBareHex(script),
    address: addressOf(script, view.addresses),
    type: scriptType(script),
  };
}

/** A decoded transaction (`TxToUniv`). */
export function transactionJson(view: ChainView, { tx, id }: ParsedTransaction): Record<string, unknown> {
  const coinbase = tx.isCoinbase();
  return {
    txid: displayId(id),
    hash: toBareHex(reversed(sha256d(tx.toBuffer()))),
    version: tx.version,
    size: tx.byteLength(true),
    vsize: tx.virtualSize(),
    weight: tx.weight(),
    locktime: tx.locktime,
    vin: tx.ins.map((input) => ({
      ...(coinbase
        ? { coinbase: toBareHex(input.script) }
        : {
            txid: toBareHex(reversed(input.hash)),
            vout: input.index,
            scriptSig: { asm: scriptAsm(input.script), hex: toBareHex(input.script) },
          }),
      txinwitness: input.witness.length > 0 ? input.witness.map(toBareHex) : undefined,
      sequence: input.sequence,
    })),
    vout: tx.outs.map(({ value, script }, n) => ({
      value: new Amount(value),
      n,
      scriptPubKey: scriptJson(view, script),
    })),
    hex: toBareHex(tx.toBuffer()),
  };
}
