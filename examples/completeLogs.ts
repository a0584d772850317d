// Proves that a list is all logs of a contract and a topic in a range of blocks, so that nothing can be left out, then checks
// the proof against nothing but the last block's hash.
//   completeLogs.js
import assert from 'node:assert/strict';
import { buildLogs, headerDecides, logFilter } from '../adapters/ethereum/proofs/index.js';
import { LogsPayloadType } from '../adapters/ethereum/proofs/logs.js';
import {
  addressOf,
  logOf,
  type SampleBlock,
  sampleBlockOn,
  wordOf,
} from '../adapters/ethereum/testing/chain.js';
import { networkData, payloadVerifiers, readUnanchoredHeader } from '../adapters/registry.js';
import {
  CheckpointType,
  decodeProof,
  encodeProof,
  nobleBls,
  ProofError,
  ProofKind,
  toHex,
  verifyProof,
} from '../proofs/index.js';

// Fifty blocks of three transactions; a token's contract wrote a log in every tenth.
const blocks: SampleBlock[] = [];
for (let i = 0; i < 50; i++) {
  const parent = blocks.at(-1)?.header ?? { height: 999, hash: wordOf('parent'), time: 1_700_000_000 };
  const transfer = logOf('token', ['Transfer', `from ${i}`, 'to me'], `amount ${i}`);
  const other = logOf(`contract ${i}`, ['Approval']);
  const logs = i % 10 === 5 ? [other, transfer] : [other];
  blocks.push(sampleBlockOn(parent, { transactions: [{}, { logs }, { type: 0 }] }));
}

// The prover: as in eth_getLogs, any topic at the second place. A header's bloom says of most blocks that they have no such log.
const filter = logFilter([addressOf('token')], [[wordOf('Transfer')], [], [wordOf('to me')]]);
const given = blocks.map(({ header, receipts }) => ({ header: header.raw, receipts }));
const decided = given.filter(({ header }) => headerDecides(filter, header)).length;
const context = {
  networks: networkData,
  payloads: payloadVerifiers,
  chainKind: (name: string) => networkData.spec(name, CheckpointType.defaultValue())?.kind,
};
const last = blocks.at(-1)?.header;
assert(last !== undefined);
const fileOf = (payload: Uint8Array) =>
  encodeProof(
    {
      kind: ProofKind.unanchored,
      chain: new TextEncoder().encode('ethereum-local'),
      header: last.raw,
      payloadKind: ProofKind.ethereumLogs,
      payload,
    },
    'ssz',
    context,
  );
const payload = buildLogs(filter, given);
const file = fileOf(payload);
console.log(`${blocks.length} blocks, ${decided} decided by their headers, ${file.length} bytes of proof`);

// The verifier: knows the hash of the last block. A proof under the main chain needs not even that.
const check = (bytes: Uint8Array) =>
  verifyProof(decodeProof(bytes, context).proof, {
    ...context,
    bls: nobleBls,
    readHeader: readUnanchoredHeader,
    blockHash: toHex(last.hash),
  });
const verdict = check(file);
assert('claims' in verdict);
const [claim] = verdict.claims;
assert(claim !== undefined && Array.isArray(claim.facts.logs));
console.log(claim.summary);
for (const { block, blockLogIndex, data } of claim.facts.logs)
  console.log(`  block ${block}, log ${blockLogIndex}: ${Buffer.from(data.slice(2), 'hex')}`);
assert.equal(claim.facts.count, 5);

// A receipt left out, or a whole block, is refused by name.
const read = LogsPayloadType.deserialize(payload);
const refused = (changed: typeof read.blocks, flaw: string) =>
  assert.throws(
    () => check(fileOf(LogsPayloadType.serialize({ ...read, blocks: changed }))),
    (error) => error instanceof ProofError && error.flaw === flaw,
  );
const full = read.blocks.findIndex(({ receipts }) => receipts.length > 0);
const block = read.blocks[full];
assert(block !== undefined);
refused(read.blocks.with(full, { ...block, receipts: block.receipts.slice(0, -1) }), 'receipt-mismatch');
refused(read.blocks.with(full, { ...block, receipts: [] }), 'receipt-mismatch');
refused(read.blocks.toSpliced(full, 1), 'block-mismatch');
console.log('a receipt or a block left out: refused');
