import { existsSync, readFileSync } from 'node:fs';
import { Block } from 'bitcoinjs-lib';
import { BlockProver } from '../adapters/bitcoin/proofs/build.js';
import { foreignHeader } from '../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../adapters/bitcoin/rules/networks.js';
import { rawBlock, sampleTransactions } from '../adapters/bitcoin/testing/samples.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { race, report } from './measure.js';

/** A whole block to a proof of each of its transactions, beside bitcoinjs-lib's parse and Merkle root of it. */
useFastHasher();
const folder = '../shared/data/btc-blocks';
const files = ['main_831328.raw', 'main_831331.raw', 'main_866342.raw'].map((name) => `${folder}/${name}`);
const real = files.every((file) => existsSync(file));
const blocks = real ? files.map((file) => new Uint8Array(readFileSync(file))) : [made()];

for (const raw of blocks) {
  const { txids } = new BlockProver(raw);
  const rates = await race([
    {
      name: 'bitcoinjs-lib: parse and Merkle root',
      count: 1,
      run: () => Block.calculateMerkleRoot(Block.fromBuffer(raw).transactions ?? []),
    },
    { name: 'parse, every txid, Merkle root, checks', count: 1, run: () => new BlockProver(raw) },
    {
      name: 'the same and a proof of each transaction',
      count: 1,
      run: () => {
        const prover = new BlockProver(raw);
        for (const txid of txids) prover.prove([txid]);
      },
    },
  ]);
  report(`A block of ${raw.length} bytes, ${txids.length} transactions`, rates);
  if ((rates[2]?.perSecond ?? 0) < (rates[0]?.perSecond ?? Number.NaN)) {
    console.error(
      'proofs of all transactions take longer than bitcoinjs-lib takes to parse the block and find its root',
    );
    process.exitCode = 1;
  }
}

function made(): Uint8Array {
  const { genesisHeader } = bitcoinNetwork('bitcoin-regtest');
  return rawBlock(foreignHeader(genesisHeader, 0), sampleTransactions(4000));
}
