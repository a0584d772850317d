import { describe, expect, it } from 'vitest';
import {
  buildBlockLog,
  buildCount,
  buildSeveral,
  buildWithdrawal,
  CountedList,
  decodeReceipt,
  EthereumBlockProver,
  ItemPart,
} from '../../adapters/ethereum/proofs/index.js';
import { decodeEthereumHeader } from '../../adapters/ethereum/rules/header.js';
import { leafOfHeader } from '../../adapters/ethereum/testing/chain.js';
import { flawOf, verify } from '../../adapters/ethereum/testing/kinds.js';
import { indexTrie } from '../../adapters/ethereum/trie/build.js';
import { toHex } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { RAW_BLOCKS, RPC_BLOCKS, realBlock } from './ethereum/blocks.js';
import { hasData, needsData } from './folder.js';

const WHOLE = [...RAW_BLOCKS, ...RPC_BLOCKS];

describe.skipIf(!hasData)(needsData('Ethereum blocks: lists, places, several things at once'), () => {
  it.each(WHOLE)('mainnet %i has exactly its transactions, neither more nor fewer', (height) => {
    const { header, transactions } = realBlock(height);
    const trie = indexTrie(transactions);
    const leaf = leafOfHeader(header);
    const of = (count: number) => buildCount(CountedList.transactions, trie, count);
    const { length } = transactions;
    expect(verify(ProofKind.ethereumCount, of(length), leaf).facts).toEqual({
      list: 'transactions',
      count: length,
    });
    for (const count of [0, 1, length - 1, length + 1, 127, 128, 129].filter((n) => n !== length))
      expect(
        flawOf(() => verify(ProofKind.ethereumCount, of(count), leaf)),
        `${count}`,
      ).toBe('transaction-mismatch');
  });

  it.each(WHOLE)('mainnet %i: each transaction’s last log has its place in the block', (height) => {
    const { header, ...bodies } = realBlock(height);
    const prover = new EthereumBlockProver(bodies);
    const leaf = leafOfHeader(header);
    let before = 0;
    for (const [index, receipt] of bodies.receipts.entries()) {
      const { length } = decodeReceipt(receipt).logs;
      before += length;
      // Whoever comes late in a block has many receipts before it.
      if (length === 0 || (index > 20 && index % 9 > 0)) continue;
      const { facts } = verify(ProofKind.ethereumBlockLog, buildBlockLog(prover, index, length - 1), leaf);
      expect(facts).toMatchObject({ index, logIndex: length - 1, blockLogIndex: before - 1 });
    }
  });

  it.each(WHOLE)(
    'mainnet %i: all transactions and receipts in one proof, in fewer bytes than alone',
    (height) => {
      const { header, ...bodies } = realBlock(height);
      const prover = new EthereumBlockProver(bodies);
      const items = bodies.transactions.map((_, index) => ({ index, part: ItemPart.receipt, log: 0 }));
      const payload = buildSeveral(prover, items);
      const { facts } = verify(ProofKind.ethereumSeveral, payload, leafOfHeader(header));
      if (items.length > 1)
        expect((facts.items as { index: number }[]).map(({ index }) => index)).toEqual(
          items.map(({ index }) => index),
        );
      const alone = items.reduce((sum, { index }) => sum + prover.prove('receipt', index).length, 0);
      if (items.length > 1) expect(payload.length).toBeLessThan(alone);
    },
  );

  it.each(WHOLE)('mainnet %i: its withdrawals, and that there is none after the last', (height) => {
    const { header, withdrawals } = realBlock(height);
    const { withdrawalsRoot } = decodeEthereumHeader(header.raw);
    const leaf = leafOfHeader(header);
    const trie = indexTrie(withdrawals ?? []);
    const prove = (position: number) =>
      verify(ProofKind.ethereumWithdrawal, buildWithdrawal(header.raw, trie, position), leaf);
    if (withdrawalsRoot === undefined) {
      expect(withdrawals).toBeUndefined();
      expect(flawOf(() => prove(0))).toBe('withdrawal-mismatch');
      return;
    }
    expect(toHex(trie.root)).toBe(toHex(withdrawalsRoot));
    const { length } = withdrawals!;
    const indices = withdrawals!.map((_, position) => {
      const { facts } = prove(position);
      expect(facts).toMatchObject({ position, exists: true });
      return Number(facts.index);
    });
    // Numbers of withdrawals are consecutive (EIP-4895).
    expect(indices).toEqual(indices.map((_, i) => indices[0]! + i));
    expect(prove(length).facts).toEqual({ position: length, exists: false });
    const count = buildCount(CountedList.withdrawals, trie, length, header.raw);
    expect(verify(ProofKind.ethereumCount, count, leaf).facts).toEqual({
      list: 'withdrawals',
      count: length,
    });
  });
});
