// Proves a Bitcoin payment from a block alone, then checks the proof against nothing but the block's hash.
//   inclusionProof.js [raw block file] [chain] [transaction id]
// Without arguments: a regtest block that is made here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseBitcoinHash } from '../adapters/bitcoin/kind.js';
import { BlockProver, readUnanchoredHeader } from '../adapters/bitcoin/proofs/index.js';
import { displayHash } from '../adapters/bitcoin/rules/checks.js';
import { foreignHeader } from '../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../adapters/bitcoin/rules/networks.js';
import { rawBlock, sampleTransactions } from '../adapters/bitcoin/testing/samples.js';
import { networkData, payloadVerifiers } from '../adapters/registry.js';
import {
  CheckpointType,
  decodeProof,
  encodeProof,
  nobleBls,
  ProofError,
  ProofKind,
  verifyProof,
} from '../proofs/index.js';

const [blockFile, chain = 'bitcoin-regtest', id] = process.argv.slice(2);
const genesis = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
const block = blockFile === undefined ? rawBlock(genesis, sampleTransactions(200)) : readFileSync(blockFile);

// The prover: reads and hashes the block once, then proves any of its transactions.
const prover = new BlockProver(block);
const txid = id === undefined ? prover.txids.at(-1) : parseBitcoinHash(id);
assert(txid !== undefined);
const context = {
  networks: networkData,
  payloads: payloadVerifiers,
  chainKind: (name: string) => networkData.spec(name, CheckpointType.defaultValue())?.kind,
};
const file = encodeProof(
  {
    kind: ProofKind.bitcoinInclusion,
    chain: new TextEncoder().encode(chain),
    header: prover.header,
    payload: prover.prove([txid]),
  },
  'ssz',
  context,
);
console.log(
  `${prover.txids.length} transactions, ${block.length} bytes of block, ${file.length} bytes of proof`,
);

// The verifier: knows the hash of a block that it trusts, from a node of its own for instance.
const check = (blockHash?: string) =>
  verifyProof(decodeProof(file, context).proof, {
    ...context,
    bls: nobleBls,
    readHeader: readUnanchoredHeader,
    ...(blockHash === undefined ? {} : { blockHash }),
  });
const blockHash = displayHash(readUnanchoredHeader(chain, prover.header).hash);
const verdict = check(blockHash);
assert('claims' in verdict);
for (const claim of verdict.claims) console.log(claim.summary);
console.log(`in block ${blockHash}`);

// Without a block that is trusted, or with another one, it proves nothing.
const flaw = (expected: string) => (error: unknown) => error instanceof ProofError && error.flaw === expected;
assert.throws(() => check(), flaw('unanchored'));
assert.throws(() => check(displayHash(genesis.hash)), flaw('block-mismatch'));
console.log('without that hash, or with another: refused');
