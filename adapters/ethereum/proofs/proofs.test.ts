import { keccak256 } from 'viem';
import { describe, expect, it } from 'vitest';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { Json } from '../../../proofs/verify/payload.js';
import { encodeReceipt, leafOf, sampleBlock, sampleLog } from '../../../test/fixtures/ethereum/blocks.js';
import { indexKey, indexTrie } from '../trie/build.js';
import { buildEthereumProof, type EthereumAspect, EthereumBlockProver } from './build.js';
import { LogPayloadType, ReceiptPayloadType, TransactionPayloadType } from './payload.js';
import { ethereumPayloadVerifiers } from './verifier.js';

const CHAIN = 'ethereum-local';
const { bodies, leaf } = sampleBlock();
const kinds = {
  tx: ProofKind.ethereumTransaction,
  receipt: ProofKind.ethereumReceipt,
  log: ProofKind.ethereumLog,
} as const;
const verifierOf = (aspect: EthereumAspect) =>
  ethereumPayloadVerifiers.find(({ kind }) => kind === kinds[aspect])!;
const verify = (aspect: EthereumAspect, payload: Uint8Array, under = leaf) =>
  verifierOf(aspect).verify(payload, under, CHAIN);

function flawOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProofError) return error.flaw;
    throw new Error('refused without a named flaw', { cause: error });
  }
}

/** Every proof of the sample block. */
const all = bodies.transactions.flatMap((_, index) => [
  { aspect: 'tx' as const, index, log: undefined },
  { aspect: 'receipt' as const, index, log: undefined },
  ...Array.from({ length: index }, (__, log) => ({ aspect: 'log' as const, index, log })),
]);

describe('proofs', () => {
  it('of every transaction, receipt and log hold, and say what they are about', () => {
    for (const { aspect, index, log } of all) {
      const { facts } = verify(aspect, buildEthereumProof(aspect, bodies, index, log));
      expect(facts.hash).toBe(keccak256(bodies.transactions[index]!));
      expect(facts.index).toBe(index);
      if (aspect !== 'tx') expect(facts).toMatchObject({ logs: index, cumulativeGasUsed: '21000' });
      if (log === undefined) continue;
      const { address, topics, data } = sampleLog(10 * index + log);
      expect(facts).toMatchObject({
        logIndex: log,
        contract: toHex(address),
        topics: topics.map(toHex),
        data: toHex(data),
      });
    }
  });

  it('tell amounts in words and wei', () => {
    const claim = verify('tx', buildEthereumProof('tx', bodies, 0));
    expect(claim.summary).toContain('call of 0x00000000000000000000000000000000000000aa with 1.5 ETH');
    expect(claim.facts).toMatchObject({ type: 0, value: '1500000000000000000', inputBytes: 2, nonce: '3' });
    expect(verify('tx', buildEthereumProof('tx', bodies, 6)).summary).toContain('contract creation');
  });

  it('are the same in JSON and back, and JSON has one form', () => {
    for (const { aspect, index, log } of all) {
      const verifier = verifierOf(aspect);
      const payload = buildEthereumProof(aspect, bodies, index, log);
      const json = JSON.parse(JSON.stringify(verifier.toJson(payload))) as Record<string, Json>;
      expect(verifier.fromJson(json)).toEqual(payload);
      expect(flawOf(() => verifier.fromJson({ ...json, more: 1 }))).toBe('malformed');
      for (const name of Object.keys(json)) {
        const { [name]: value, ...rest } = json;
        expect(flawOf(() => verifier.fromJson(rest))).toBe('malformed');
        const other =
          typeof value === 'number'
            ? String(value)
            : JSON.stringify(value).toUpperCase().replace(/^"|"$/g, '');
        expect(flawOf(() => verifier.fromJson({ ...json, [name]: other }))).toBe('malformed');
      }
    }
  });

  it('have a JSON form at any size a payload can have', () => {
    const { fromJson, toJson } = verifierOf('tx');
    const transactionNodes = [new Uint8Array(5_000_000)];
    const payload = TransactionPayloadType.serialize({ index: 0, transactionNodes });
    expect(bytesEqual(fromJson(toJson(payload)), payload)).toBe(true);
  });

  it.each(['tx', 'receipt', 'log'] as const)('of a %s are refused after any change of a byte', (aspect) => {
    const payload = buildEthereumProof(aspect, bodies, 5, aspect === 'log' ? 2 : undefined);
    const flaws = new Set<string | undefined>();
    for (let at = 0; at < payload.length; at++) {
      for (const flip of [1, 0x80]) {
        const changed = payload.slice();
        changed[at]! ^= flip;
        const flaw = flawOf(() => verify(aspect, changed));
        expect(flaw, `byte ${at}`).toBeDefined();
        flaws.add(flaw);
      }
    }
    const named = ['malformed', 'transaction-mismatch'];
    if (aspect !== 'tx') named.push('receipt-mismatch');
    if (aspect === 'log') named.push('log-mismatch');
    expect([...flaws]).toEqual(expect.arrayContaining(named));
  });

  it('are refused cut short, prolonged, or as another kind', () => {
    for (const aspect of ['tx', 'receipt', 'log'] as const) {
      const payload = buildEthereumProof(aspect, bodies, 5, aspect === 'log' ? 0 : undefined);
      for (let n = 0; n < payload.length; n += 7)
        expect(flawOf(() => verify(aspect, payload.subarray(0, n)))).toBeDefined();
      expect(flawOf(() => verify(aspect, Uint8Array.of(...payload, 0)))).toBeDefined();
      for (const other of (['tx', 'receipt', 'log'] as const).filter((one) => one !== aspect))
        expect(flawOf(() => verify(other, payload))).toBeDefined();
    }
  });
});

describe('a lying prover', () => {
  const of = (index: number) => LogPayloadType.deserialize(buildEthereumProof('log', bodies, index, 0));

  it('cannot pass off a receipt as that of another transaction', () => {
    const [mine, other] = [of(3), of(4)];
    for (const mixed of [
      { ...mine, receiptNodes: other.receiptNodes },
      { ...mine, transactionNodes: other.transactionNodes },
      { ...mine, index: 4 },
    ])
      expect(flawOf(() => verify('log', LogPayloadType.serialize(mixed)))).toMatch(/-mismatch$/);
  });

  it('cannot take the trie of receipts for that of transactions', () => {
    const payload = ReceiptPayloadType.deserialize(buildEthereumProof('receipt', bodies, 3));
    const swapped = {
      ...payload,
      transactionNodes: payload.receiptNodes,
      receiptNodes: payload.transactionNodes,
    };
    expect(flawOf(() => verify('receipt', ReceiptPayloadType.serialize(swapped)))).toBe(
      'transaction-mismatch',
    );
  });

  it('cannot add, repeat or leave out nodes', () => {
    const payload = TransactionPayloadType.deserialize(buildEthereumProof('tx', bodies, 3));
    const { transactionNodes } = payload;
    for (const nodes of [
      [],
      [...transactionNodes, new Uint8Array(0)],
      [transactionNodes[0]!, ...transactionNodes],
      transactionNodes.slice(0, -1),
    ]) {
      const changed = TransactionPayloadType.serialize({ ...payload, transactionNodes: nodes });
      expect(flawOf(() => verify('tx', changed))).toBe('transaction-mismatch');
    }
  });

  it('cannot prove a transaction that is not there', () => {
    const nodes = indexTrie(bodies.transactions).prove(indexKey(99));
    const payload = TransactionPayloadType.serialize({ index: 99, transactionNodes: nodes });
    expect(flawOf(() => verify('tx', payload))).toBe('transaction-mismatch');
  });

  it('cannot prove a log that is not there, or name one and show another', () => {
    const payload = of(3);
    expect(flawOf(() => verify('log', LogPayloadType.serialize({ ...payload, logIndex: 3 })))).toBe(
      'log-mismatch',
    );
    expect(flawOf(() => verify('log', LogPayloadType.serialize({ ...payload, logIndex: 1 })))).toBe(
      'log-mismatch',
    );
  });

  it('cannot bring a receipt of another type, or with another bloom, even under its own root', () => {
    for (const receipt of [
      encodeReceipt(1, []),
      encodeReceipt(2, [sampleLog(1)], { bloom: new Uint8Array(256) }),
      Uint8Array.of(1, 2, 3),
    ]) {
      const lying = { ...bodies, receipts: bodies.receipts.with(3, receipt) };
      const prover = new EthereumBlockProver(lying);
      expect(flawOf(() => verify('receipt', prover.prove('receipt', 3), leafOf(prover)))).toBe(
        'receipt-mismatch',
      );
    }
    const lying = { ...bodies, transactions: bodies.transactions.with(3, Uint8Array.of(9, 0xc0)) };
    const prover = new EthereumBlockProver(lying);
    expect(flawOf(() => verify('tx', prover.prove('tx', 3), leafOf(prover)))).toBe('transaction-mismatch');
  });
});

describe('builder', () => {
  it('serves blocks with a single transaction', () => {
    const one = { transactions: bodies.transactions.slice(3, 4), receipts: bodies.receipts.slice(3, 4) };
    const prover = new EthereumBlockProver(one);
    for (const aspect of ['tx', 'receipt', 'log'] as const) {
      const payload = prover.prove(aspect, 0, aspect === 'log' ? 2 : undefined);
      expect(verify(aspect, payload, leafOf(prover)).facts.index).toBe(0);
    }
  });

  it('makes the same proof from kept tries, and another one from other receipts', () => {
    const first = buildEthereumProof('receipt', bodies, 3);
    expect(buildEthereumProof('receipt', { ...bodies }, 3)).toEqual(first);
    const other = { ...bodies, receipts: bodies.receipts.with(0, encodeReceipt(0, [sampleLog(9)])) };
    expect(buildEthereumProof('receipt', other, 3)).not.toEqual(first);
  });

  it.each([
    ['tx', 7, undefined],
    ['tx', -1, undefined],
    ['tx', 1.5, undefined],
    ['log', 3, undefined],
    ['log', 3, 3],
    ['log', 3, -1],
    ['log', 0, 0],
  ] as const)('refuses what is not there: %s %d, log %s', (aspect, index, log) => {
    expect(() => buildEthereumProof(aspect, bodies, index, log)).toThrow(MalformedInputError);
  });
});
