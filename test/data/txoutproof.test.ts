import { describe, expect, it } from 'vitest';
import { bitcoinPayloadBuilder } from '../../adapters/bitcoin/payloadBuilder.js';
import {
  branchNodes,
  decodeBranch,
  encodeBranch,
  type MerkleBranch,
} from '../../adapters/bitcoin/proofs/branch.js';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { importInclusion } from '../../adapters/bitcoin/proofs/import.js';
import {
  decodeMerkleBlock,
  encodeMerkleBlock,
  type MerkleBlock,
  partialTree,
  readPartialTree,
} from '../../adapters/bitcoin/proofs/partialMerkleTree.js';
import { fromHex, reversed, toBareHex } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { hasData, needsData, readBytes, readJson } from './folder.js';

const read = (hex: string): MerkleBlock => decodeMerkleBlock(fromHex(hex));

describe.skipIf(!hasData)(needsData("Bitcoin Core's partial Merkle trees"), () => {
  const prover = hasData ? new BlockProver(readBytes('btc-blocks/main_830000.raw')) : undefined;
  const file = (index: number) => readBytes(`btc-blocks/txoutproof/0830000-${index}.bin`);

  it.each([0, 1, 10, 100, 1000, 1850])('gettxoutproof of transaction %i of block 830000', (index) => {
    const bytes = file(index);
    const block = decodeMerkleBlock(bytes);
    expect(readPartialTree(block).matches).toEqual([{ index, txid: prover!.txids[index] }]);
    expect(toBareHex(encodeMerkleBlock(block))).toBe(toBareHex(bytes));
    const ours = { header: prover!.header, ...partialTree(prover!.rows, [index]) };
    expect(toBareHex(encodeMerkleBlock(ours))).toBe(toBareHex(bytes));

    const raws = [...new Set([0, index])].map((one) => prover!.stripped(one)!);
    const joined = importInclusion(block.header, raws, [decodeMerkleBlock(file(0)), block]);
    expect(toBareHex(joined)).toBe(toBareHex(prover!.prove([prover!.txids[index]!])));
    if (index > 0)
      expect(() => importInclusion(block.header, [prover!.stripped(index)!], [block])).toThrow(
        /how deep the tree is/,
      );
  });

  it('a merkleblock that a node sent for a Bloom filter', () => {
    const bytes = readBytes('btc-blocks/txoutproof/merkleblock_300025.bin');
    const whole = new BlockProver(readBytes('btc-blocks/main_300025.raw'));
    const block = decodeMerkleBlock(bytes);
    const { matches } = readPartialTree(block);
    for (const { index, txid } of matches) expect(whole.txids[index]).toEqual(txid);
    const ours = {
      header: whole.header,
      ...partialTree(
        whole.rows,
        matches.map(({ index }) => index),
      ),
    };
    expect(toBareHex(encodeMerkleBlock(ours))).toBe(toBareHex(bytes));
  });
});

describe.skipIf(!hasData)(needsData('branches that contracts are given'), () => {
  interface Summa {
    version: string;
    vin: string;
    vout: string;
    locktime: string;
    index: number;
    intermediate_nodes: string;
    confirming_header: { raw: string; height: number };
  }

  it('are branches as Esplora writes them, and no proof without their coinbase', () => {
    const { valid } = readJson<{ valid: string[] }>('btc-spv/summa_testProofs.json');
    for (const text of valid) {
      const proof = JSON.parse(text) as Summa;
      const raw = fromHex(
        [proof.version, proof.vin, proof.vout, proof.locktime].map((one) => one.slice(2)).join(''),
      );
      const nodes = fromHex(proof.intermediate_nodes.slice(2));
      const siblings = Array.from({ length: nodes.length / 32 }, (_, i) =>
        nodes.subarray(32 * i, 32 * i + 32),
      );
      const branch: MerkleBranch = {
        height: proof.confirming_header.height,
        index: proof.index,
        siblings,
      };
      const header = fromHex(proof.confirming_header.raw.slice(2));
      const written = encodeBranch(branch);
      expect(encodeBranch(decodeBranch(written, 'esplora'))).toBe(written);
      expect(branchNodes(sha256d(raw), decodeBranch(written, 'esplora')).at(-1)!.hash).toEqual(
        header.slice(36, 68),
      );
      expect(() => importInclusion(header, [raw], [branch])).toThrow(/how deep the tree is/);
    }
  });
});

describe.skipIf(!hasData)(needsData('every block, to other programs and back'), () => {
  const blocks = hasData
    ? readJson<{ file: string; network: string; height: number | null; ntx: number }[]>(
        'btc-blocks/index.json',
      )
    : [];

  it.each(blocks.map((block) => [block.file, block] as const))('%s', (file, { network, height, ntx }) => {
    const { readBlock, branch, heightIn } = bitcoinPayloadBuilder;
    const read0 = readBlock!(readBytes(`btc-blocks/${file}`));
    const own = heightIn!(`bitcoin-${network}`, read0);
    // What a block says of its height is right; old ones say nothing.
    if (own !== undefined) expect(own).toBe(height);
    else expect(height === null || height < 227_931 || network === 'testnet3').toBe(true);
    const block = { ...read0, header: { ...read0.header, height: height ?? 1 } };
    const prover = new BlockProver(read0.rawBlock!);
    const places = [...new Set([1, ntx >> 1, ntx - 1])].filter((place) => place > 0);
    const display = (place: number) => toBareHex(reversed(prover.txids[place]!));
    const exported = (format: string, index: number, also: string[] = []) =>
      branch!({ format, block, index, also }).text;
    const raws = [0, ...places].map((place) => prover.stripped(place)!);
    const wanted = toBareHex(prover.prove(places.map((place) => prover.txids[place]!)));

    const core = exported('txoutproof', 0, places.map(display));
    expect(toBareHex(encodeMerkleBlock(read(core)))).toBe(core);
    expect(toBareHex(importInclusion(prover.header, raws, [read(core)]))).toBe(wanted);
    for (const format of ['esplora', 'electrum'] as const) {
      const texts = [0, ...places].map((place) => exported(format, place));
      const branches = texts.map((text) => decodeBranch(text, format));
      expect(branches.map(encodeBranch)).toEqual(texts);
      expect(toBareHex(importInclusion(prover.header, raws, branches))).toBe(wanted);
    }
  });
});
