import { describe, expect, it } from 'vitest';
import { parseBlock } from '../../adapters/bitcoin/blocks/block.js';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { multiproofRoot, parentOf } from '../../adapters/bitcoin/proofs/merkle.js';
import { BitcoinInclusionType } from '../../adapters/bitcoin/proofs/payload.js';
import { ByteReader } from '../../adapters/bitcoin/proofs/reader.js';
import { isCoinbase, parseStripped, readParts } from '../../adapters/bitcoin/proofs/transaction.js';
import { verifyBitcoinInclusion } from '../../adapters/bitcoin/proofs/verify.js';
import { HeaderTree } from '../../adapters/tree.js';
import { fromHex, toBareHex } from '../../proofs/bytes.js';
import { ProofError } from '../../proofs/errors/proof.js';
import { sha256, sha256d } from '../../proofs/hash/hasher.js';
import { hasData, needsData, readBytes, readJson } from './folder.js';

describe.skipIf(!hasData)(needsData('blocks of competing branches and odd transactions'), () => {
  it('follows the longer of two real branches', () => {
    const framed = (name: string): Uint8Array[] => {
      const data = readBytes(`btc-blocks/${name}`);
      const out: Uint8Array[] = [];
      for (let at = 0; at + 8 <= data.length; ) {
        const length = new DataView(data.buffer, data.byteOffset).getUint32(at + 4, true);
        out.push(data.subarray(at + 8, at + 8 + length));
        at += 8 + length;
      }
      return out;
    };
    const main = framed('btcd_reorg_blk_0_to_4.dat').map((raw) => parseBlock(raw).header);
    const side = ['3A', '4A', '5A'].flatMap((name) =>
      framed(`btcd_reorg_blk_${name}.dat`).map((raw) => parseBlock(raw).header),
    );
    const headers = main.map((raw, i) => bitcoinKind.decode(raw, i));
    const branch = side.map((raw, i) => bitcoinKind.decode(raw, 3 + i));
    const checkpoint = {
      height: 0,
      hash: headers[0]!.hash,
      work: 0n,
      periodStartTime: 0,
      periodStartBits: 0,
    };
    const tree = new HeaderTree(bitcoinKind, checkpoint, { header: headers[0]!, work: 0n });
    expect(tree.add(headers.slice(1)).connected.length).toBe(4);
    expect(tree.add(branch.slice(0, 2)).connected).toEqual([]);
    expect(tree.add(branch.slice(2))).toEqual({
      disconnected: [headers[4], headers[3]],
      connected: branch,
    });
  });

  it('sizes around 64 bytes', () => {
    const cases = readJson<{ comment: string; valid: boolean; tx: string }[]>(
      'btc-headers/bip54_txsize.json',
    );
    for (const { comment, valid, tx } of cases) {
      // The size rule looks at the stripped form. What else is wrong with this payload comes after it.
      const raw = readParts(new ByteReader(fromHex(tx))).stripped;
      const payload = BitcoinInclusionType.serialize({
        depth: 0,
        coinbase: new Uint8Array(0),
        transactions: [{ index: 0, raw }],
        nodes: [],
      });
      const { message } = flaw(() => verifyBitcoinInclusion(payload, new Uint8Array(32)));
      expect(/64 bytes/.test(message), comment).toBe(!valid);
    }
  });

  it('coinbases of BIP54 blocks parse and prove', () => {
    const cases = readJson<{ block_chain: string[] }[]>('btc-headers/bip54_coinbases.json');
    for (const { block_chain } of cases) {
      for (const hex of block_chain) {
        const prover = new BlockProver(fromHex(hex));
        const payload = prover.prove([prover.txids[0]!]);
        const [proven] = verifyBitcoinInclusion(payload, prover.header.subarray(36, 68));
        expect(isCoinbase(proven!.transaction)).toBe(true);
        expect(parseStripped(proven!.raw)).toEqual(proven!.transaction);
      }
    }
  });
});

interface SpvProof {
  version: string;
  inputVector: string;
  outputVector: string;
  locktime: string;
  merkleProof: string;
  bitcoinHeaders: string;
  coinbasePreimage: string;
  coinbaseProof: string;
  txIndexInBlock: number;
}

describe.skipIf(!hasData)(needsData('tBTC proofs'), () => {
  it.each(['deposit-sweep', 'moving-funds'])('%s: the same branches as one multiproof', (name) => {
    for (const proof of readJson<SpvProof[]>(`btc-spv/tbtc_testnet_${name}.json`)) {
      const raw = fromHex(proof.version + proof.inputVector + proof.outputVector + proof.locktime);
      expect(parseStripped(raw).inputs.length).toBeGreaterThan(0);
      const txid = sha256d(raw);
      // Given is the first of the coinbase's two hashes.
      const coinbase = sha256(fromHex(proof.coinbasePreimage));
      const ours = branch(proof.merkleProof);
      const coinbases = branch(proof.coinbaseProof);
      const root = fromHex(proof.bitcoinHeaders).subarray(36, 68);
      expect(toBareHex(climb(txid, proof.txIndexInBlock, ours))).toBe(toBareHex(root));
      expect(toBareHex(climb(coinbase, 0, coinbases))).toBe(toBareHex(root));
      const leaves = [
        { index: 0, hash: coinbase },
        { index: proof.txIndexInBlock, hash: txid },
      ];
      const nodes = merged(proof.txIndexInBlock, ours, coinbases);
      expect(toBareHex(multiproofRoot(ours.length, leaves, nodes))).toBe(toBareHex(root));
      expect(() => multiproofRoot(ours.length, leaves, nodes.slice(1))).toThrow(ProofError);
    }
  });
});

function branch(hex: string): Uint8Array[] {
  const bytes = fromHex(hex);
  return Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
}

function climb(leaf: Uint8Array, index: number, siblings: Uint8Array[]): Uint8Array {
  return siblings.reduce(
    (node, sibling, level) => ((index >> level) & 1 ? parentOf(sibling, node) : parentOf(node, sibling)),
    leaf,
  );
}

/** Nodes of the multiproof of places 0 and `index`, from the two branches: left ones first, upwards at last. */
function merged(index: number, ours: Uint8Array[], coinbases: Uint8Array[]): Uint8Array[] {
  const fork = Math.floor(Math.log2(index));
  const left = coinbases.slice(0, fork);
  const before = ours.slice(0, fork).filter((_, level) => (index >> level) & 1);
  const after = ours.slice(0, fork).filter((_, level) => !((index >> level) & 1));
  return [...left, ...before.toReversed(), ...after, ...ours.slice(fork + 1)];
}

function flaw(check: () => unknown): ProofError {
  try {
    check();
  } catch (error) {
    if (error instanceof ProofError) return error;
    throw error;
  }
  throw new Error('was accepted');
}
