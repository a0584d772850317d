import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseBlock } from '../../adapters/bitcoin/blocks/block.js';
import { readBlock } from '../../adapters/bitcoin/blocks/readBlock.js';
import { bitcoinKind, parseBitcoinHash } from '../../adapters/bitcoin/kind.js';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { inclusionFromJson, inclusionToJson } from '../../adapters/bitcoin/proofs/json.js';
import { transactionClaim } from '../../adapters/bitcoin/proofs/verifier.js';
import { verifyBitcoinInclusion } from '../../adapters/bitcoin/proofs/verify.js';
import { toBareHex } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';

const folder = new URL('../../../shared/data/btc-blocks/', import.meta.url);
const present = existsSync(folder);
if (!present) console.warn('skipped: no Bitcoin block data at ../shared/data/btc-blocks');
const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));

interface Entry {
  file: string;
  network: string;
  hash: string;
  ntx: number;
  witnessCommitmentOk: boolean | null;
  txid0: string;
  txidLast: string;
}
const index: Entry[] = present ? JSON.parse(readFileSync(new URL('index.json', folder), 'utf8')) : [];

/** Blocks framed by network magic and length, as in a node's block files. */
function framed(data: Uint8Array): Uint8Array[] {
  const view = new DataView(data.buffer, data.byteOffset);
  const out: Uint8Array[] = [];
  for (let at = 0; at + 8 <= data.length; ) {
    const length = view.getUint32(at + 4, true);
    out.push(data.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return out;
}

/** The block with the last byte before one transaction's lock time changed: the end of its last witness item. */
function withOtherWitness(raw: Uint8Array, transaction: Uint8Array): Uint8Array {
  const at = Buffer.from(raw).lastIndexOf(transaction) + transaction.length - 5;
  return raw.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

/** Proves the first, middle and last transaction, one by one and together. */
function proveSome(raw: Uint8Array, chain: string): void {
  const prover = new BlockProver(raw);
  const root = prover.header.subarray(36, 68);
  const last = prover.txids.length - 1;
  const places = [...new Set([0, last >> 1, last])];
  for (const place of places) {
    const payload = prover.prove([prover.txids[place]!]);
    const [proven] = verifyBitcoinInclusion(payload, root);
    expect(proven!.index).toBe(place);
    expect(proven!.txid).toEqual(prover.txids[place]);
    expect(inclusionFromJson(inclusionToJson(payload))).toEqual(payload);
    expect(transactionClaim(proven!, chain).facts.index).toBe(place);
  }
  const together = prover.prove(places.map((place) => prover.txids[place]!));
  expect(verifyBitcoinInclusion(together, root).map((one) => one.index)).toEqual(places);
}

describe.skipIf(!present)('real blocks', () => {
  it.each(index)('$file', (entry) => {
    const raw = bytes(entry.file);
    const block = parseBlock(raw);
    expect(bitcoinKind.displayHash(block.hash)).toBe(entry.hash);
    expect(block.transactions.length).toBe(entry.ntx);
    expect(block.transactions[0]!.txid).toEqual(parseBitcoinHash(entry.txid0));
    expect(block.transactions.at(-1)!.txid).toEqual(parseBitcoinHash(entry.txidLast));
    const chain = `bitcoin-${entry.network}`;
    const prover = readBlock(chain, raw, block.hash);
    // Of blocks with witnesses, each is bound by the commitment; the txids know nothing of it.
    expect(entry.witnessCommitmentOk).not.toBe(false);
    const place = block.transactions.findLastIndex(({ txid, wtxid }) => toBareHex(txid) !== toBareHex(wtxid));
    expect(place >= 0).toBe(entry.witnessCommitmentOk === true);
    if (place >= 0) {
      const changed = withOtherWitness(raw, block.transactions[place]!.transaction.toBuffer());
      expect(new BlockProver(changed).txids).toEqual(prover.txids);
      expect(() => readBlock(chain, changed, block.hash)).toThrow(/witness/);
    }
    expect(prover.txids).toEqual(block.transactions.map((one) => one.txid));
    block.transactions.forEach((one, i) => {
      expect(toBareHex(prover.stripped(i)!)).toBe(toBareHex(one.stripped));
    });
    proveSome(raw, chain);
  });

  it('blocks 1 to 256, framed', () => {
    const blocks = framed(bytes('main_blocks_1_256.dat'));
    expect(blocks.length).toBeGreaterThan(250);
    for (const raw of blocks) {
      expect(
        readBlock('bitcoin-mainnet', raw, sha256d(raw.subarray(0, 80))).witnessProblem(),
      ).toBeUndefined();
      proveSome(raw, 'bitcoin-mainnet');
    }
  });
});
