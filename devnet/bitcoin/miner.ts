import { randomBytes } from 'node:crypto';
import { Transaction } from 'bitcoinjs-lib';
import { encodeHeader } from '../../adapters/bitcoin/rules/header.js';
import { concatBytes, ZERO32 } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { meetsTarget } from './block.js';
import { type BlockEntry, medianTimePast } from './blockIndex.js';
import { merkleRoot, witnessCommitment } from './checkBlock.js';
import { weightOf } from './checkTransaction.js';
import type { MempoolEntry } from './mempool.js';
import { MAX_BLOCK_WEIGHT, MINED_VERSION, REGTEST_BITS, subsidy } from './params.js';
import { heightPush } from './script.js';

/** Weight kept free for the header and the coinbase. */
const RESERVED_WEIGHT = 4000;

/**
 * Builds a block on `parent` and searches its nonce.
 * @param script where subsidy and fees go
 * @param time Unix seconds; moved up to one after the median time past
 */
export function mineBlock(
  parent: BlockEntry,
  waiting: readonly MempoolEntry[],
  script: Uint8Array,
  time: number,
): Uint8Array {
  const chosen = choose(waiting);
  const height = parent.height + 1;
  const coinbase = buildCoinbase(
    height,
    subsidy(height) + chosen.reduce((sum, { fee }) => sum + fee, 0n),
    script,
  );
  const txs = [coinbase, ...chosen.map(({ tx }) => tx)];
  coinbase.addOutput(commitmentScript(witnessCommitment(txs, ZERO32)), 0n);
  const header = encodeHeader({
    version: MINED_VERSION,
    parentHash: parent.hash,
    merkleRoot: merkleRoot(txs.map((tx) => tx.getHash())),
    time: Math.max(time, medianTimePast(parent) + 1),
    bits: REGTEST_BITS,
    nonce: 0,
  });
  solve(header);
  return concatBytes(header, compactSize(txs.length), ...txs.map((tx) => tx.toBuffer()));
}

/** As many as fit, in order; what needs a parent that did not fit is left out. */
function choose(waiting: readonly MempoolEntry[]): MempoolEntry[] {
  let weight = RESERVED_WEIGHT;
  const chosen: MempoolEntry[] = [];
  for (const entry of waiting) {
    weight += weightOf(entry.tx);
    if (weight > MAX_BLOCK_WEIGHT) break;
    chosen.push(entry);
  }
  return chosen;
}

/** Height (BIP 34), then random bytes, so that two blocks made in one second differ. */
function buildCoinbase(height: number, value: bigint, script: Uint8Array): Transaction {
  const coinbase = new Transaction();
  coinbase.version = 2;
  coinbase.addInput(
    ZERO32,
    0xffffffff,
    0xffffffff,
    concatBytes(heightPush(height), Uint8Array.of(8), randomBytes(8)),
  );
  coinbase.setWitness(0, [ZERO32]);
  coinbase.addOutput(script, value);
  return coinbase;
}

function commitmentScript(commitment: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed), commitment);
}

/** Tries nonces until the header's double SHA-256 meets its target: two tries on average. */
export function solve(header: Uint8Array): void {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const bits = view.getUint32(72, true);
  for (let nonce = 0; !meetsTarget(sha256d(header), bits); nonce++) view.setUint32(76, nonce, true);
}

export function compactSize(n: number): Uint8Array {
  if (n < 0xfd) return Uint8Array.of(n);
  if (n <= 0xffff) return Uint8Array.of(0xfd, n & 0xff, n >> 8);
  const out = new Uint8Array(5);
  out[0] = 0xfe;
  new DataView(out.buffer).setUint32(1, n, true);
  return out;
}
