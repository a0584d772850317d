import { Block as BlockCodec, type Transaction } from 'bitcoinjs-lib';
import { bytesEqual, fromHex } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { meetsTarget, type ParsedBlock } from './block.js';
import { type BlockEntry, medianTimePast } from './blockIndex.js';
import { checkTransaction, isFinal, weightOf } from './checkTransaction.js';
import { BlockRejectedError } from './errors.js';
import { MAX_BLOCK_WEIGHT, MAX_FUTURE_SECONDS, MIN_BLOCK_VERSION, REGTEST_BITS } from './params.js';
import { heightPush } from './script.js';

/** Rules of a block on its own (`CheckBlock` in Bitcoin Core's `validation.cpp`). @throws BlockRejectedError */
export function checkBlock(block: ParsedBlock): void {
  if (block.bits !== REGTEST_BITS || !meetsTarget(fromHex(block.key, 'hash', 32), block.bits))
    throw new BlockRejectedError('high-hash', 'proof of work failed');
  const [coinbase, ...rest] = block.transactions;
  if (coinbase === undefined) throw new BlockRejectedError('bad-blk-length', 'no transactions');
  const txs = block.transactions.map(({ tx }) => tx);
  const mutated = { value: false };
  const root = BlockCodec.calculateMerkleRoot(txs, false, mutated);
  if (!bytesEqual(root, block.merkleRoot))
    throw new BlockRejectedError('bad-txnmrklroot', 'hashMerkleRoot mismatch');
  if (mutated.value) throw new BlockRejectedError('bad-txns-duplicate', 'duplicate transaction');
  if (!coinbase.tx.isCoinbase()) throw new BlockRejectedError('bad-cb-missing', 'first tx is not coinbase');
  if (rest.some(({ tx }) => tx.isCoinbase()))
    throw new BlockRejectedError('bad-cb-multiple', 'more than one coinbase');
  for (const tx of txs) checkTransaction(tx, (reason, message) => new BlockRejectedError(reason, message));
}

/** Rules of a header on top of its parent (`ContextualCheckBlockHeader`). `now` in Unix seconds. @throws BlockRejectedError */
export function checkHeader(block: ParsedBlock, parent: BlockEntry, now: number): void {
  if (block.bits !== REGTEST_BITS) throw new BlockRejectedError('bad-diffbits', 'incorrect proof of work');
  if (block.time <= medianTimePast(parent))
    throw new BlockRejectedError('time-too-old', "block's timestamp is too early");
  if (block.time > now + MAX_FUTURE_SECONDS)
    throw new BlockRejectedError('time-too-new', 'block timestamp too far in the future');
  if (block.version < MIN_BLOCK_VERSION)
    throw new BlockRejectedError(
      `bad-version(0x${(block.version >>> 0).toString(16).padStart(8, '0')})`,
      'rejected block version',
    );
}

/** Rules of a block's content on top of its parent (`ContextualCheckBlock`). @throws BlockRejectedError */
export function checkContent(block: ParsedBlock, parent: BlockEntry): void {
  const height = parent.height + 1;
  const cutoff = medianTimePast(parent);
  for (const { tx } of block.transactions)
    if (!isFinal(tx, height, cutoff))
      throw new BlockRejectedError('bad-txns-nonfinal', 'non-final transaction');
  const coinbase = block.transactions[0]?.tx;
  const input = coinbase?.ins[0];
  const push = heightPush(height);
  if (
    coinbase === undefined ||
    input === undefined ||
    !bytesEqual(input.script.subarray(0, push.length), push)
  )
    throw new BlockRejectedError('bad-cb-height', 'block height mismatch in coinbase');
  checkWitness(block, coinbase);
  const weight =
    4 * (80 + countSize(block)) + block.transactions.reduce((sum, { tx }) => sum + weightOf(tx), 0);
  if (weight > MAX_BLOCK_WEIGHT) throw new BlockRejectedError('bad-blk-weight', 'weight limit failed');
}

function countSize(block: ParsedBlock): number {
  const n = block.transactions.length;
  return n < 0xfd ? 1 : n <= 0xffff ? 3 : 5;
}

/** The witness commitment (BIP 141): the last matching output of the coinbase. */
function checkWitness(block: ParsedBlock, coinbase: Transaction): void {
  const commitment = coinbase.outs.findLast(({ script }) => isCommitment(script))?.script.subarray(6, 38);
  if (commitment === undefined) {
    if (block.transactions.some(({ tx }) => tx.hasWitnesses()))
      throw new BlockRejectedError('unexpected-witness', 'unexpected witness data found');
    return;
  }
  const witness = coinbase.ins[0]?.witness ?? [];
  const nonce = witness[0];
  if (witness.length !== 1 || nonce?.length !== 32)
    throw new BlockRejectedError('bad-witness-nonce-size', 'invalid witness reserved value size');
  if (
    !bytesEqual(
      witnessCommitment(
        block.transactions.map(({ tx }) => tx),
        nonce,
      ),
      commitment,
    )
  )
    throw new BlockRejectedError('bad-witness-merkle-match', 'witness merkle commitment mismatch');
}

function isCommitment(script: Uint8Array): boolean {
  return (
    script.length >= 38 &&
    bytesEqual(script.subarray(0, 6), Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed))
  );
}

/** `sha256d(witness root ‖ nonce)` of a block whose first transaction is the coinbase. */
export function witnessCommitment(txs: readonly Transaction[], nonce: Uint8Array): Uint8Array {
  const leaves = txs.map((tx, i) => (i === 0 ? new Uint8Array(32) : tx.getHash(true)));
  const pair = new Uint8Array(64);
  pair.set(merkleRoot(leaves), 0);
  pair.set(nonce, 32);
  return sha256d(pair);
}

/** Bitcoin's Merkle root: an odd row repeats its last hash. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  let row = leaves;
  while (row.length > 1) {
    const next: Uint8Array[] = [];
    for (let i = 0; i < row.length; i += 2) {
      const left = row[i] ?? new Uint8Array(32);
      const pair = new Uint8Array(64);
      pair.set(left, 0);
      pair.set(row[i + 1] ?? left, 32);
      next.push(sha256d(pair));
    }
    row = next;
  }
  return row[0] ?? new Uint8Array(32);
}
