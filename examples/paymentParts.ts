// Proves single facts about one Bitcoin transaction from a block alone (an output, a spend, data, the witness, and several
// transactions at once), then checks each proof against nothing but the block's hash.
//   paymentParts.js [raw block file] [chain] [transaction id]
// Without arguments: a regtest block with witnesses that is made here. A fact that the transaction does not have is left out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseBitcoinHash } from '../adapters/bitcoin/kind.js';
import { BlockProver, buildPart, readUnanchoredHeader } from '../adapters/bitcoin/proofs/index.js';
import { displayHash } from '../adapters/bitcoin/rules/checks.js';
import { foreignHeader } from '../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../adapters/bitcoin/rules/networks.js';
import { segwitBlock } from '../adapters/bitcoin/testing/segwit.js';
import { networkData, payloadVerifiers } from '../adapters/registry.js';
import {
  CheckpointType,
  CrossrootError,
  decodeProof,
  encodeProof,
  nobleBls,
  ProofError,
  ProofKind,
  verifyProof,
} from '../proofs/index.js';

const [blockFile, chain = 'bitcoin-regtest', id] = process.argv.slice(2);
const genesis = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
const block = blockFile === undefined ? segwitBlock(genesis, 50).raw : readFileSync(blockFile);

// The prover: reads and hashes the block once. By default the block's second transaction, or its only one.
const prover = new BlockProver(block);
const txid = id === undefined ? (prover.txids[1] ?? prover.txids[0]) : parseBitcoinHash(id);
assert(txid !== undefined);
const one = prover.prove([txid]);
const builders = {
  'a transaction and the coinbase': [
    ProofKind.bitcoinTransactions,
    () => prover.prove([txid, ...prover.txids.slice(0, 1)]),
  ],
  'its witness': [ProofKind.bitcoinWitness, () => prover.proveWitness(txid)],
  'its first output': [ProofKind.bitcoinOutput, () => buildPart(ProofKind.bitcoinOutput, one, 0)],
  'what its first input spends': [ProofKind.bitcoinSpend, () => buildPart(ProofKind.bitcoinSpend, one, 0)],
  'data in its second output': [ProofKind.bitcoinData, () => buildPart(ProofKind.bitcoinData, one, 1)],
} as const;

const context = {
  networks: networkData,
  payloads: payloadVerifiers,
  chainKind: (name: string) => networkData.spec(name, CheckpointType.defaultValue())?.kind,
};
type Kind = (typeof builders)[keyof typeof builders][0];
const fileOf = (payloadKind: Kind, payload: Uint8Array) =>
  encodeProof(
    {
      kind: ProofKind.unanchored,
      chain: new TextEncoder().encode(chain),
      header: prover.header,
      payloadKind,
      payload,
    },
    'ssz',
    context,
  );

// The verifier: knows the hash of a block that it trusts, from a node of its own for instance.
const blockHash = displayHash(readUnanchoredHeader(chain, prover.header).hash);
const check = (file: Uint8Array) => {
  const { proof } = decodeProof(file, context);
  const readHeader = readUnanchoredHeader;
  const verdict = verifyProof(proof, { ...context, bls: nobleBls, readHeader, blockHash });
  assert('claims' in verdict);
  return verdict.claims;
};

let proven = 0;
for (const [what, [kind, build]] of Object.entries(builders)) {
  let payload: Uint8Array;
  try {
    payload = build();
  } catch (error) {
    if (!(error instanceof CrossrootError)) throw error;
    console.log(`${what}: none (${error.message})`);
    continue;
  }
  const file = fileOf(kind, payload);
  for (const claim of check(file)) console.log(`${what}, ${file.length} bytes: ${claim.summary}`);

  // With a byte of its payload changed it is refused, and so it is where it says that it is of another kind.
  const forged = payload.slice();
  forged[forged.length >> 1] = ~(forged[forged.length >> 1] ?? 0);
  const other = kind === ProofKind.bitcoinSpend ? ProofKind.bitcoinOutput : ProofKind.bitcoinSpend;
  assert.throws(() => check(fileOf(kind, forged)), ProofError);
  assert.throws(() => check(fileOf(other, payload)), ProofError);
  proven++;
}
console.log(`${proven} proofs hold; changed by a byte, or called another kind: refused`);
assert(blockFile !== undefined || proven === 5);
