import { describe, expect, it } from 'vitest';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { block, flawOf, prover, verify } from '../testing/kinds.js';
import { indexKey } from '../trie/build.js';
import { BlockLogPayloadType, buildBlockLog } from './blockLog.js';
import { restoreReceiptNode, stripReceiptNode } from './receiptNodes.js';

describe('nodes of a receipts trie', () => {
  const nodes = prover.receiptTrie.proveAll(block.receipts.map((_, i) => indexKey(i)));

  it('hold receipts without their blooms, and come back as they were', () => {
    const stripped = nodes.map(stripReceiptNode);
    expect(stripped.map(restoreReceiptNode)).toEqual(nodes);
    const saved = nodes.map((node, i) => node.length - stripped[i]!.length);
    // Branches are as they are; a bloom is 256 bytes and the length before it.
    expect(saved.filter((n) => n === 0)).toHaveLength(nodes.length - block.receipts.length);
    expect(saved.filter((n) => n > 256)).toHaveLength(block.receipts.length);
  });

  it('have no second form: a whole receipt, or one cut twice, is refused', () => {
    const leaf = nodes.find((node) => stripReceiptNode(node).length < node.length)!;
    expect(() => restoreReceiptNode(leaf)).toThrow(MalformedInputError);
    expect(() => stripReceiptNode(stripReceiptNode(leaf))).toThrow(MalformedInputError);
    const good = BlockLogPayloadType.deserialize(buildBlockLog(prover, 5, 1));
    const whole = good.receiptNodes.map(restoreReceiptNode);
    for (const i of good.receiptNodes.keys()) {
      if (whole[i]!.length === good.receiptNodes[i]!.length) continue;
      const receiptNodes = good.receiptNodes.with(i, whole[i]!);
      const payload = BlockLogPayloadType.serialize({ ...good, receiptNodes });
      expect(flawOf(() => verify(ProofKind.ethereumBlockLog, payload))).toBe('receipt-mismatch');
    }
  });

  it('that hold millions of items are refused before they fill the memory', () => {
    const good = BlockLogPayloadType.deserialize(buildBlockLog(prover, 5, 1));
    const bomb = new Uint8Array(4 + 2 ** 22).fill(0x80);
    bomb.set([0xfa, 0x40, 0, 0]);
    const payload = BlockLogPayloadType.serialize({ ...good, receiptNodes: [bomb] });
    expect(() => verify(ProofKind.ethereumBlockLog, payload)).toThrow(/more than 1048576 items/);
  });
});
