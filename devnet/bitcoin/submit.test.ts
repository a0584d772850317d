import { Transaction } from 'bitcoinjs-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeHeader, encodeHeader, type HeaderParts } from '../../adapters/bitcoin/rules/header.js';
import { concatBytes, fromHex, toBareHex, ZERO32 } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { startRegtest, type TestRegtest } from '../../test/support/regtest.js';
import { meetsTarget, parseBlock } from './block.js';
import { medianTimePast } from './blockIndex.js';
import { merkleRoot, witnessCommitment } from './checkBlock.js';
import { compactSize, mineBlock, solve } from './miner.js';
import { heightPush } from './script.js';

let a: TestRegtest;
beforeAll(async () => {
  a = await startRegtest();
});
afterAll(() => a.close());

/** A block on the tip with changes: of its transactions (roots are then made anew) and of its header. */
function block(
  change: (txs: Transaction[]) => void = () => undefined,
  header: Partial<HeaderParts> = {},
  commit = true,
): Uint8Array {
  const { chain, wallet, mempool } = a.node;
  const good = mineBlock(chain.tip, mempool.entries(), wallet.script, Math.floor(Date.now() / 1000));
  const txs = parseBlock(good).transactions.map(({ tx }) => tx);
  change(txs);
  if (commit && txs[0]?.outs[1]) txs[0].outs[1].script.set(witnessCommitment(txs, ZERO32), 6);
  const raw = encodeHeader({
    ...decodeHeader(good.subarray(0, 80)),
    merkleRoot: merkleRoot(txs.map((tx) => tx.getHash())),
    ...header,
  });
  solve(raw);
  return concatBytes(raw, compactSize(txs.length), ...txs.map((tx) => tx.toBuffer()));
}
const submit = (raw: Uint8Array) => a.call('submitblock', toBareHex(raw));
const spend = (id: string, index: number, value: bigint) => {
  const tx = new Transaction();
  tx.version = 2;
  tx.addInput(fromHex(id, 'txid', 32), index);
  tx.addOutput(Uint8Array.of(0x51), value);
  return tx;
};
const coinbaseOf = (height: number) =>
  parseBlock(a.node.chain.rawBlock(a.node.chain.entryAt(height)!)).transactions[0]!.id;

describe('submitblock', () => {
  it('names each broken rule as Bitcoin Core does', async () => {
    const now = Math.floor(Date.now() / 1000);
    const { tip } = a.node.chain;
    const height = tip.height + 1;
    const cases: [string, Uint8Array][] = [
      ['bad-txnmrklroot', block(undefined, { merkleRoot: ZERO32 })],
      ['prev-blk-not-found', block(undefined, { parentHash: new Uint8Array(32).fill(7) })],
      ['high-hash', block(undefined, { bits: 0x1f7fffff })],
      ['time-too-old', block(undefined, { time: medianTimePast(tip) })],
      ['time-too-new', block(undefined, { time: now + 7300 })],
      ['bad-version(0x00000003)', block(undefined, { version: 3 })],
      [
        'bad-cb-height',
        block((txs) => txs[0]!.setInputScript(0, concatBytes(heightPush(height + 1), new Uint8Array(8)))),
      ],
      ['bad-cb-length', block((txs) => txs[0]!.setInputScript(0, Uint8Array.of(1)))],
      [
        'bad-cb-amount',
        block((txs) => {
          txs[0]!.outs[0]!.value += 1n;
        }),
      ],
      ['bad-cb-missing', block((txs) => void txs.unshift(spend(coinbaseOf(1), 0, 1n)), {}, false)],
      ['bad-txns-duplicate', block((txs) => void txs.push(txs[0]!.clone()), {}, false)],
      [
        'bad-cb-multiple',
        block(
          (txs) => {
            const second = txs[0]!.clone();
            second.locktime = 1;
            txs.push(second);
          },
          {},
          false,
        ),
      ],
      [
        'bad-witness-merkle-match',
        block(
          (txs) => {
            txs[0]!.outs[1]!.script[10]! ^= 1;
          },
          {},
          false,
        ),
      ],
      ['bad-witness-nonce-size', block((txs) => txs[0]!.setWitness(0, [new Uint8Array(31)]), {}, false)],
      ['unexpected-witness', block((txs) => void txs[0]!.outs.pop(), {}, false)],
      ['bad-txns-inputs-missingorspent', block((txs) => void txs.push(spend('11'.repeat(32), 0, 1n)))],
      [
        'bad-txns-premature-spend-of-coinbase',
        block((txs) => void txs.push(spend(coinbaseOf(tip.height), 0, 1n))),
      ],
      ['bad-txns-in-belowout', block((txs) => void txs.push(spend(coinbaseOf(1), 0, 5_000_000_001n)))],
      ['mandatory-script-verify-flag-failed', block((txs) => void txs.push(spend(coinbaseOf(1), 0, 1n)))],
      [
        'bad-txns-vout-toolarge',
        block((txs) => void txs.push(spend(coinbaseOf(1), 0, 2_100_000_000_000_001n))),
      ],
      [
        'bad-txns-vin-empty',
        block((txs) => {
          txs[0]!.outs[0]!.value = -1n;
        }),
      ],
    ];
    for (const [reason, raw] of cases.slice(0, -1))
      expect([reason, await submit(raw)]).toEqual([reason, reason]);
    expect(await submit(cases.at(-1)![1])).toBe('bad-txns-vout-negative');
    expect(a.node.chain.tip).toBe(tip);
  });

  it('refuses proof of work that misses the target, a repeated transaction, a double spend, a non-final one', async () => {
    const weak = block();
    for (const view = new DataView(weak.buffer); meetsTarget(sha256d(weak.subarray(0, 80)), 0x207fffff); )
      view.setUint32(76, view.getUint32(76, true) + 1, true);
    expect(await submit(weak)).toBe('high-hash');
    await a.node.pay(a.node.wallet.script, 10_000n);
    const good = block();
    expect(parseBlock(good).transactions.length).toBe(2);
    // The shape of CVE-2012-2459 needs an even row that repeats its end: 4 transactions out of 3.
    expect(await submit(block((txs) => void txs.push(txs[1]!.clone(), txs[1]!.clone())))).toMatch(/bad-txns/);
    expect(
      await submit(
        block((txs) => {
          const late = txs[1]!.clone();
          late.locktime = 1_000_000;
          txs.push(late);
        }),
      ),
    ).toBe('bad-txns-nonfinal');
    expect(
      await submit(
        block((txs) => {
          const twice = txs[1]!.clone();
          twice.outs[0]!.value -= 1n;
          txs.push(twice);
        }),
      ),
    ).toBe('bad-txns-inputs-missingorspent');
    expect(await submit(good)).toBeNull();
    expect(await submit(good)).toBe('duplicate');
    expect(a.node.mempool.size).toBe(0);
  });

  it('keeps a side branch, and refuses what builds on an invalid block', async () => {
    const side = block();
    const child = block();
    expect(await submit(child)).toBeNull();
    expect(await submit(side)).toBe('inconclusive');
    const tips = (await a.call('getchaintips')) as { status: string; branchlen: number }[];
    expect(tips.map(({ status, branchlen }) => [status, branchlen])).toContainEqual(['valid-headers', 1]);
    const bad = block((txs) => {
      txs[0]!.outs[0]!.value += 1n;
    });
    expect(await submit(bad)).toBe('bad-cb-amount');
    expect(await submit(bad)).toBe('duplicate-invalid');
    expect(await submit(block(undefined, { parentHash: sha256d(bad.subarray(0, 80)) }))).toBe('bad-prevblk');
  });

  it('refuses what is no block', async () => {
    for (const text of ['', 'zz', '00'.repeat(90), toBareHex(block()).concat('00')])
      await expect(a.call('submitblock', text)).rejects.toMatchObject({ code: -22 });
  });
});
