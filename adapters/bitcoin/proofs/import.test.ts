import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, reversed, toBareHex, ZERO32 } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { bitcoinPayloadBuilder } from '../payloadBuilder.js';
import { foreignHeader } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { rawBlock, sampleTransactions } from '../testing/samples.js';
import { manyOutputs, segwitBlock } from '../testing/segwit.js';
import { bip34Height } from './bip34.js';
import { branchNodes, decodeBranch, encodeBranch, type MerkleBranch, siblingsOf } from './branch.js';
import { BlockProver } from './build.js';
import { importInclusion } from './import.js';
import { decodeMerkleBlock, encodeMerkleBlock, type MerkleBlock, partialTree } from './partialMerkleTree.js';
import { joinParts } from './transaction.js';

const genesis = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);

function sample(count: number) {
  const { raw, parts } = segwitBlock(genesis, count);
  const prover = new BlockProver(raw);
  const branch = (index: number): MerkleBranch => ({
    height: 7,
    index,
    siblings: siblingsOf(prover.rows, index),
  });
  const tree = (...indices: number[]): MerkleBlock => ({
    header: prover.header,
    ...partialTree(prover.rows, indices),
  });
  const rawOf = (index: number) => joinParts(parts[index]!);
  return { prover, raw, branch, tree, rawOf, header: prover.header };
}

describe('branches as Esplora and Electrum write them', () => {
  it('climb to the root, for every transaction of blocks of any size, and are written in one way', () => {
    for (const count of [1, 2, 3, 5, 7, 8, 9, 13]) {
      const { prover, branch } = sample(count);
      for (let index = 0; index < count; index++) {
        const one = branch(index);
        expect(branchNodes(prover.txids[index]!, one).at(-1)!.hash).toEqual(prover.header.slice(36, 68));
        const text = encodeBranch(one);
        for (const dialect of ['esplora', 'electrum'] as const) {
          expect(decodeBranch(text, dialect)).toEqual(one);
          expect(encodeBranch(decodeBranch(` ${text}\n`, dialect))).toBe(text);
        }
      }
    }
    expect(encodeBranch({ height: 9, index: 1, siblings: [ZERO32] })).toBe(
      `{"block_height":9,"merkle":["${'00'.repeat(32)}"],"pos":1}`,
    );
  });

  it('are read from an Electrum reply, and from nothing else', () => {
    const result = `{"merkle":[],"pos":0,"block_height":5}`;
    const reply = `{"jsonrpc":"2.0","result":${result},"id":0}`;
    expect(decodeBranch(reply, 'electrum')).toEqual({ height: 5, index: 0, siblings: [] });
    expect(() => decodeBranch(reply, 'esplora')).toThrow(/lacks block_height/);
    expect(() => decodeBranch(`{"result":${result},"error":1}`, 'electrum')).toThrow(/unknown member error/);
  });

  const hash = '0'.repeat(64);
  it.each([
    ['', /not JSON/],
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['{"block_height":1,"merkle":[]}', /lacks pos/],
    ['{"block_height":1,"merkle":[],"pos":0,"x":1}', /unknown member x/],
    ['{"block_height":-1,"merkle":[],"pos":0}', /block_height/],
    ['{"block_height":1.5,"merkle":[],"pos":0}', /block_height/],
    ['{"block_height":1,"merkle":{},"pos":0}', /no list/],
    ['{"block_height":1,"merkle":[1],"pos":0}', /lower-case hex/],
    [`{"block_height":1,"merkle":["${hash.slice(1)}A"],"pos":0}`, /lower-case hex/],
    [`{"block_height":1,"merkle":["${hash}"],"pos":2}`, /beyond 2 of 1 levels/],
    ['{"block_height":1,"merkle":[],"pos":1}', /beyond 1 of 0 levels/],
  ])('are refused: %s', (text, reason) => {
    expect(() => decodeBranch(text, 'esplora')).toThrow(reason);
    expect(() => decodeBranch(text, 'electrum')).toThrow(MalformedInputError);
  });

  it('are held within limits', () => {
    const deep = { height: 1, index: 0, siblings: Array.from({ length: 25 }, () => ZERO32) };
    expect(() => decodeBranch(encodeBranch(deep), 'esplora')).toThrow(LimitExceededError);
    expect(() => decodeBranch(' '.repeat(5000), 'esplora')).toThrow(LimitExceededError);
  });
});

describe('imported proofs', () => {
  it('make, byte for byte, what the block itself makes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(19), { maxLength: 4 }), (count, picks) => {
        const { prover, branch, tree, rawOf, header } = sample(count);
        const subjects = [...new Set(picks.map((pick) => pick % count))]
          .filter((i) => i > 0)
          .sort((a, b) => a - b);
        const indices = [0, ...subjects];
        const wanted = prover.prove((subjects.length === 0 ? [0] : subjects).map((i) => prover.txids[i]!));
        const raws = indices.map(rawOf).reverse();
        const ways = [
          [tree(...indices)],
          indices.map((index) => tree(index)),
          indices.map(branch),
          [tree(...indices), ...indices.map(branch)],
        ];
        for (const way of ways) expect(toBareHex(importInclusion(header, raws, way))).toBe(toBareHex(wanted));
      }),
      { numRuns: 60 },
    );
  });

  const { prover, branch, tree, rawOf, header } = sample(11);
  const raws = [rawOf(0), rawOf(4)];

  it('of a whole block cost as much as its transactions, not as their square', () => {
    const made = (count: number) => {
      const transactions = sampleTransactions(count);
      const prover = new BlockProver(rawBlock(genesis, transactions));
      const indices = transactions.map((_, i) => i);
      const proofs = [{ header: prover.header, ...partialTree(prover.rows, indices) }];
      const start = process.cpuUsage();
      const payload = importInclusion(prover.header, transactions, proofs);
      const { user, system } = process.cpuUsage(start);
      expect(payload).toEqual(prover.prove(prover.txids.slice(1)));
      return user + system;
    };
    made(500);
    // Four times as much, and some for a busy machine: sixteen times would be the square.
    expect(made(4000)).toBeLessThan(10 * made(1000));
  });

  it('take a coinbase that is only a neighbour in the tree, as it is proven all the same', () => {
    const payload = importInclusion(header, [rawOf(0), rawOf(1)], [tree(1)]);
    expect(payload).toEqual(prover.prove([prover.txids[1]!]));
  });

  it.each([
    [
      'no transaction at all',
      () => importInclusion(header, [], [tree(4)]),
      /coinbase: without it nothing shows how deep/,
    ],
    ['a proof without the coinbase', () => importInclusion(header, [rawOf(4)], [tree(4)]), /CVE-2017-12842/],
    [
      'a branch without the coinbase',
      () => importInclusion(header, [rawOf(4)], [branch(4)]),
      /CVE-2017-12842/,
    ],
    [
      'a coinbase that no proof has',
      () => importInclusion(header, raws, [tree(4)]),
      /in none of the imported proofs/,
    ],
    [
      'a transaction that no proof has',
      () => importInclusion(header, [...raws, rawOf(7)], [tree(0, 4)]),
      /in none/,
    ],
    ['no proof', () => importInclusion(header, raws, []), /in none/],
    ['another header', () => importInclusion(genesis.raw, raws, [tree(0, 4)]), /another block/],
    [
      'a branch of another header',
      () => importInclusion(genesis.raw, raws, [branch(0)]),
      /leads none of the transactions/,
    ],
    [
      'a branch at another place',
      () => importInclusion(header, raws, [branch(0), { ...branch(4), index: 5 }]),
      /leads none/,
    ],
    [
      'half a transaction',
      () => importInclusion(header, [rawOf(0).subarray(0, 50)], [branch(0)]),
      /does not parse/,
    ],
    [
      'a transaction and more',
      () => importInclusion(header, [concatBytes(rawOf(0), ZERO32)], [branch(0)]),
      /32 bytes too many/,
    ],
    [
      'too many proofs',
      () =>
        importInclusion(
          header,
          raws,
          Array.from({ length: 257 }, () => branch(0)),
        ),
      /exceeds the limit/,
    ],
  ])('refuse %s', (_, make, reason) => {
    expect(make).toThrow(reason);
  });

  it('refuse an inner node that is dressed as a transaction, whose depth nothing pins', () => {
    // 64 bytes that parse as a transaction, built as the inner node above two leaves would be.
    const fake = manyOutputs([[sha256d(ZERO32), 1]], [[1n, new Uint8Array(4)]]);
    expect(fake.length).toBe(64);
    const [coinbase] = sampleTransactions(1);
    const block = rawBlock(genesis, [coinbase!, fake]);
    const of = new BlockProver(block);
    const both = { header: of.header, ...partialTree(of.rows, [0, 1]) };
    expect(() => importInclusion(of.header, [coinbase!, fake], [both])).toThrow(/64 bytes/);
  });

  it('refuse a place that is the padding of an odd row (CVE-2012-2459)', () => {
    const odd = sample(3);
    const padding = { ...odd.branch(2), index: 3 };
    expect(() => importInclusion(odd.header, [odd.rawOf(0), odd.rawOf(2)], [odd.branch(0), padding])).toThrow(
      /padding/,
    );
  });

  it('refuse proofs of one header that say different depths or nodes', () => {
    const one = sample(2);
    const deeper: MerkleBlock = { ...one.tree(0, 1), total: 3 };
    expect(() => importInclusion(one.header, [one.rawOf(0), one.rawOf(1)], [one.tree(0, 1), deeper])).toThrow(
      MalformedInputError,
    );
  });
});

describe('exported branches', () => {
  const { prover, raw, branch, tree } = sample(9);
  const block = { ...bitcoinPayloadBuilder.readBlock!(raw), header: { ...genesis, height: 7 } };
  const exported = (format: string, index: number, also: string[] = []) =>
    bitcoinPayloadBuilder.branch!({ format, block, index, also });

  it('are read back as what they are of', () => {
    const others = [8, 2].map((i) => toBareHex(reversed(prover.txids[i]!)));
    const { text, type } = exported('txoutproof', 5, others);
    expect([text, type]).toEqual([toBareHex(encodeMerkleBlock(tree(2, 5, 8))), 'text/plain']);
    expect(toBareHex(encodeMerkleBlock(decodeMerkleBlock(encodeMerkleBlock(tree(2, 5, 8)))))).toBe(text);
    for (const format of ['esplora', 'electrum']) {
      expect(exported(format, 5)).toEqual({ type: 'application/json', text: encodeBranch(branch(5)) });
      expect(() => exported(format, 5, others)).toThrow(/of one transaction/);
    }
    expect(() => exported('txoutproof', 5, ['ab'.repeat(32)])).toThrow(/not in the block of the first/);
    expect(() => exported('txoutproof', 9)).toThrow(/no transaction 9/);
  });
});

describe('heights in coinbases', () => {
  const header = (version: number) => Uint8Array.of(version, ...new Uint8Array(79));
  const script = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
  it.each([
    ['bitcoin-mainnet', 2, '035b7a0306', 227_931],
    ['bitcoin-mainnet', 2, '035a7a0306', undefined],
    ['bitcoin-mainnet', 1, '04ffff001d', undefined],
    ['bitcoin-mainnet', 4, '035b7a8306', undefined],
    ['bitcoin-mainnet', 4, '045b7a030006', undefined],
    ['bitcoin-mainnet', 4, '03', undefined],
    ['bitcoin-mainnet', 4, '', undefined],
    ['bitcoin-regtest', 4, '5100', 1],
    ['bitcoin-regtest', 4, '60', 16],
    ['bitcoin-regtest', 4, '0111ff', 17],
    ['bitcoin-regtest', 4, '0110', undefined],
    ['bitcoin-regtest', 4, '028000', 128],
    ['bitcoin-regtest', 4, '021100', undefined],
    ['nothing', 4, '0111', undefined],
  ])('%s, version %i, %s: %j', (chain, version, hex, height) => {
    expect(bip34Height(chain, header(version), script(hex))).toBe(height);
  });
});
