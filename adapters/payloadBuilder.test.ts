import { describe, expect, it } from 'vitest';
import { utf8 } from '../proofs/bytes.js';
import { ProofKind } from '../proofs/containers/proof.js';
import { ChainKindCode } from '../proofs/containers/spec.js';
import { bitcoinPayloadBuilder } from './bitcoin/payloadBuilder.js';
import { buildPart } from './bitcoin/proofs/part.js';
import { displayHash } from './bitcoin/rules/checks.js';
import { foreignHeader } from './bitcoin/rules/header.js';
import { bitcoinNetwork } from './bitcoin/rules/networks.js';
import { payToWitness } from './bitcoin/testing/samples.js';
import { dataScript, segwitBlock } from './bitcoin/testing/segwit.js';
import { PayloadBuilders, type PayloadParameters, ProofKindError } from './payloadBuilder.js';
import { chainKinds, payloadBuilders, payloadVerifiers } from './registry.js';

const CHAIN = 'bitcoin-regtest';
const { raw } = segwitBlock(foreignHeader(bitcoinNetwork(CHAIN).genesisHeader, 0), 5, {
  outputs: (commitment) => [
    [50n, payToWitness(0)],
    [1n, payToWitness(0)],
    [0n, commitment],
  ],
});
const block = bitcoinPayloadBuilder.readBlock!(raw);
const txid = (place: number) => displayHash(block.transactionHashes[place]!);
const build = (aspect: string, index: number, parameters: PayloadParameters = {}) =>
  payloadBuilders.build(ChainKindCode.bitcoin, { aspect, parameters, chain: CHAIN, block, index });

describe('payload builders', () => {
  it('are there for every kind of chain, and every aspect makes a payload that has a verifier', () => {
    for (const kind of chainKinds) {
      const { aspects } = payloadBuilders.of(kind.name, kind.code);
      expect(aspects.map(({ name }) => name)).toContain('tx');
    }
    const questions: [string, PayloadParameters][] = [
      ['tx', {}],
      ['txs', { also: [txid(1), txid(4)] }],
      ['witness', {}],
      ['output', { output: 1 }],
      ['spend', { input: 1 }],
      ['data', {}],
    ];
    const { aspects } = payloadBuilders.of(CHAIN, ChainKindCode.bitcoin);
    expect(questions.map(([name]) => name)).toEqual(aspects.map(({ name }) => name));
    const leaf = { ...block.header, transactionsRoot: block.header.transactionsRoot };
    for (const [aspect, parameters] of questions) {
      const { kind, payload } = build(aspect, 2, parameters);
      const verifier = payloadVerifiers.find((one) => one.kind === kind)!;
      expect(verifier.verify(payload, leaf as never, CHAIN).summary).toContain(
        aspect === 'txs' ? '3 ' : txid(2),
      );
    }
  });

  it('refuse what a chain does not offer, by name', () => {
    const check =
      (chain: string, kind: number, aspect: string, parameters: PayloadParameters = {}) =>
      () =>
        payloadBuilders.check(chain, kind, { aspect, parameters });
    expect(check(CHAIN, 1, 'receipt')).toThrow(
      new ProofKindError('kind=receipt: bitcoin-regtest offers tx, txs, witness, output, spend, data'),
    );
    expect(check('ethereum-local', 2, 'witness')).toThrow(/offers tx, receipt, log, block-log, txs, count/);
    expect(check(CHAIN, 1, 'tx', { output: 1 })).toThrow('output: does not go with kind=tx');
    expect(check(CHAIN, 1, 'tx', { output: undefined })).not.toThrow();
    expect(check(CHAIN, 99, 'tx')).toThrow(/no proofs/);
    expect(() => new PayloadBuilders([]).of(CHAIN, 1)).toThrow(ProofKindError);
    const branch = (chain: string, kind: number, format: string) => () =>
      payloadBuilders.branch(chain, kind, { format, block, index: 0, also: [] });
    expect(branch(CHAIN, 1, 'spv')).toThrow(
      'format=spv: bitcoin-regtest offers txoutproof, esplora, electrum',
    );
    expect(branch('ethereum-local', 2, 'esplora')).toThrow(/offers no Merkle branches/);
  });

  it('choose an output that carries data only where there is one', () => {
    const parent = foreignHeader(bitcoinNetwork(CHAIN).genesisHeader, 0);
    const two = segwitBlock(parent, 1, {
      outputs: (commitment) => [
        [50n, payToWitness(0)],
        [0n, dataScript(utf8('mined elsewhere'))],
        [0n, commitment],
      ],
    });
    const ask = (parameters: PayloadParameters) =>
      payloadBuilders.build(ChainKindCode.bitcoin, {
        ...{ aspect: 'data', parameters, chain: CHAIN, index: 0 },
        block: bitcoinPayloadBuilder.readBlock!(two.raw),
      });
    expect(() => ask({})).toThrow(new ProofKindError('outputs 1, 2 carry data: name one by its number'));
    expect(ask({ output: 2 }).kind).toBe(ProofKind.bitcoinData);
    expect(build('data', 0).kind).toBe(ProofKind.bitcoinData);
  });

  it('choose an output by its address only where there is one', () => {
    const address = (place: number, n: number) => {
      const inclusion = build('tx', place).payload;
      const part = buildPart(ProofKind.bitcoinOutput, inclusion, n);
      const verifier = payloadVerifiers.find((one) => one.kind === ProofKind.bitcoinOutput)!;
      return String(verifier.verify(part, block.header as never, CHAIN).facts.address);
    };
    expect(build('output', 2, { address: address(2, 2) })).toEqual(build('output', 2, { output: 2 }));
    expect(() => build('output', 0, { address: address(0, 0) })).toThrow(/outputs 0, 1 pay to/);
    expect(() => build('output', 2, { address: address(0, 0) })).toThrow(
      /no output of the transaction pays to/,
    );
    expect(() => build('output', 2, { address: address(2, 2), output: 2 })).toThrow(/one of them only/);
    expect(() => build('output', 2)).toThrow(/needs the number/);
  });

  it('choose an input by what it spends', () => {
    const { payload } = build('spend', 2, { input: 1 });
    const verifier = payloadVerifiers.find((one) => one.kind === ProofKind.bitcoinSpend)!;
    const outpoint = String(verifier.verify(payload, block.header as never, CHAIN).facts.spent);
    expect(build('spend', 2, { outpoint }).payload).toEqual(payload);
    expect(() => build('spend', 2, { outpoint, input: 1 })).toThrow(/one of them/);
    expect(() => build('spend', 2)).toThrow(/one of them/);
    for (const bad of ['', 'x:0', `${txid(1)}:00`, `${txid(1)}:`, `${txid(1).toUpperCase()}:0`])
      expect(() => build('spend', 2, { outpoint: bad })).toThrow(/outpoint: must be/);
  });

  it('take the first output that carries data, and say where there is none', () => {
    expect(build('data', 2)).toEqual(build('data', 2, { output: 1 }));
    // The coinbase's own commitment is data too.
    expect(build('data', 0)).toEqual(build('data', 0, { output: 2 }));
    expect(() => build('data', 2, { output: 7 })).toThrow(/3 outputs, not one at index 7/);
    expect(() => build('txs', 1, { also: ['ab'.repeat(32)] })).toThrow(/those of one proof are of one block/);
    expect(() => build('tx', 9)).toThrow(/no transaction 9/);
    const { rawBlock: _, ...bare } = block;
    const request = { aspect: 'tx', parameters: {}, chain: CHAIN, block: bare, index: 0 };
    expect(() => payloadBuilders.build(1, request)).toThrow(/without its transactions/);
  });
});
