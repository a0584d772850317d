import { parseBlock } from '../../adapters/bitcoin/blocks/block.js';
import { SignetSolutionError } from '../../adapters/bitcoin/blocks/errors.js';
import { checkSignetBlock } from '../../adapters/bitcoin/blocks/signet.js';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { decodeBranch, encodeBranch, siblingsOf } from '../../adapters/bitcoin/proofs/branch.js';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { bitcoinPayloadVerifiers } from '../../adapters/bitcoin/proofs/index.js';
import { merkleRows } from '../../adapters/bitcoin/proofs/merkle.js';
import { addressFormat, describeScript } from '../../adapters/bitcoin/proofs/output.js';
import { buildPart } from '../../adapters/bitcoin/proofs/part.js';
import {
  decodeMerkleBlock,
  encodeMerkleBlock,
  partialTree,
  readPartialTree,
} from '../../adapters/bitcoin/proofs/partialMerkleTree.js';
import { decodeInclusion } from '../../adapters/bitcoin/proofs/payload.js';
import { ByteReader } from '../../adapters/bitcoin/proofs/reader.js';
import { dataPushes } from '../../adapters/bitcoin/proofs/script.js';
import { joinParts, parseStripped, readParts } from '../../adapters/bitcoin/proofs/transaction.js';
import { verifyBitcoinInclusion } from '../../adapters/bitcoin/proofs/verify.js';
import { decodeHeader, encodeHeader, foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { decodeCompact, encodeCompact, workOfTarget } from '../../adapters/bitcoin/rules/target.js';
import { HeaderChainValidator } from '../../adapters/bitcoin/rules/validator.js';
import {
  mineAfter,
  payToWitness,
  rawBlock,
  sampleTransactions,
} from '../../adapters/bitcoin/testing/samples.js';
import { segwitBlock } from '../../adapters/bitcoin/testing/segwit.js';
import { bytesEqual, concatBytes, fromHex, utf8, ZERO32 } from '../../proofs/bytes.js';
import { LeafType } from '../../proofs/containers/leaf.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import type { FuzzTarget } from './harness.js';

const regtest = bitcoinNetwork('bitcoin-regtest');
const genesis = foreignHeader(regtest.genesisHeader, 0);
const chain = [genesis];
for (let i = 1; i < 30; i++) chain.push(mineAfter(chain[i - 1] ?? genesis));
const run = concatBytes(...chain.map((header) => header.raw));
const transactions = sampleTransactions(5);
const block = rawBlock(genesis, transactions);
const prover = new BlockProver(block);
const format = addressFormat('bitcoin-regtest');

const { raw: segwitRaw } = segwitBlock(genesis, 7);
const segwit = new BlockProver(segwitRaw);
const [first = ZERO32, , , fourth = ZERO32] = segwit.txids;
const one = segwit.prove([fourth]);
/** A payload of each kind, about the fourth transaction. */
const kinds: readonly (readonly [kind: number, payload: Uint8Array])[] = [
  [ProofKind.bitcoinTransaction, one],
  [ProofKind.bitcoinTransactions, segwit.prove([first, fourth])],
  [ProofKind.bitcoinWitness, segwit.proveWitness(fourth)],
  [ProofKind.bitcoinOutput, buildPart(ProofKind.bitcoinOutput, one, 2)],
  [ProofKind.bitcoinSpend, buildPart(ProofKind.bitcoinSpend, one, 1)],
  [ProofKind.bitcoinData, buildPart(ProofKind.bitcoinData, one, 1)],
];
const leaf = { ...LeafType.defaultValue(), transactionsRoot: segwit.header.slice(36, 68), height: 1 };
/** The challenge that anything solves, and one of a key. */
const OP_TRUE = Uint8Array.of(0x51);
const challenge = fromHex(`21${'02'.padEnd(66, '11')}ac`, 'challenge');

function same(what: string, again: Uint8Array, input: Uint8Array): void {
  if (!bytesEqual(again, input)) throw new Error(`${what} was read, but is written otherwise`);
}

/** Everything in which rules and proofs read bytes. */
export const consensusTargets: readonly FuzzTarget[] = [
  {
    name: 'compact target',
    seeds: ['ffff001d', 'ffff7f20', '00000004', '01000001', 'ffff7f22', '00008000', '34120403'].map((text) =>
      fromHex(text, 'bits'),
    ),
    maxBytes: 4,
    run(input) {
      if (input.length !== 4) throw new MalformedInputError('bits', 'are not four bytes');
      const bits = new DataView(input.buffer, input.byteOffset).getUint32(0, true);
      const read = decodeCompact(bits);
      if (read.kind !== 'target') return;
      const { target } = read;
      if (target <= 0n || target >= 1n << 256n) throw new Error('a target is out of range');
      const again = decodeCompact(encodeCompact(target));
      if (again.kind !== 'target' || again.target !== target)
        throw new Error('a target changes when written');
      if (workOfTarget(target) < 1n) throw new Error('no work');
    },
  },
  {
    name: 'header',
    seeds: [genesis.raw, chain[7]?.raw ?? genesis.raw],
    run: (input) => same('a header', encodeHeader(decodeHeader(input)), input),
  },
  {
    name: 'header run',
    seeds: [run, run.subarray(0, 80 * 12)],
    maxBytes: 2400,
    run(input) {
      const validator = new HeaderChainValidator(regtest, { kind: 'genesis' });
      validator.pushMany(input, 0xffffffff);
      if (validator.count * 80 !== input.length) throw new Error('headers were passed over');
    },
  },
  {
    name: 'transaction',
    seeds: transactions,
    run(input) {
      const { outputs } = parseStripped(input);
      for (const { script } of outputs) if (format !== undefined) describeScript(script, format);
    },
  },
  {
    name: 'transaction, as blocks hold it',
    seeds: transactions,
    run(input) {
      const reader = new ByteReader(input);
      const raw = joinParts(readParts(reader));
      if (!bytesEqual(raw, input.subarray(0, reader.position))) throw new Error('a second encoding');
    },
  },
  {
    name: 'output script',
    seeds: [payToWitness(1), fromHex(`76a914${'11'.repeat(20)}88ac`, 's'), fromHex('6a0401020304', 's')],
    run(input) {
      if (format !== undefined) describeScript(input, format);
    },
  },
  {
    name: 'block',
    seeds: [block, rawBlock(genesis, transactions.slice(0, 1))],
    run(input) {
      const read = new BlockProver(input);
      if (read.txids.length === 0) throw new Error('a block without transactions');
      parseBlock(input);
    },
  },
  {
    name: 'inclusion proof',
    seeds: [
      prover.prove([...prover.txids]),
      prover.prove(prover.txids.slice(2, 3)),
      prover.prove(prover.txids.slice(0, 1)),
    ],
    run(input) {
      decodeInclusion(input);
      // What it proves, it proves of the one block; a change that still holds is a second encoding.
      for (const { txid, index } of verifyBitcoinInclusion(input, prover.header.subarray(36, 68)))
        if (!bytesEqual(txid, prover.txids[index] ?? new Uint8Array()))
          throw new Error('a false transaction is proven');
    },
  },
  {
    name: 'Merkle block',
    seeds: [[0], [2], [0, 4], [0, 1, 2, 3, 4]].map((which) =>
      encodeMerkleBlock({ header: prover.header, ...partialTree(merkleRows(prover.txids), which) }),
    ),
    run(input) {
      const read = decodeMerkleBlock(input);
      same('a Merkle block', encodeMerkleBlock(read), input);
      readPartialTree(read);
    },
  },
  ...kinds.map(
    ([kind, payload]): FuzzTarget => ({
      name: `payload of kind ${kind}`,
      seeds: [payload],
      run(input) {
        const verifier = bitcoinPayloadVerifiers.find((one) => one.kind === kind);
        if (verifier === undefined) throw new Error('no verifier');
        verifier.verify(input, leaf, 'bitcoin-regtest');
        // What holds is what was made: any other payload that holds is a second encoding, or a false proof.
        same('a payload', payload, input);
        same('a payload', verifier.fromJson(verifier.toJson(input)), input);
      },
    }),
  ),
  {
    name: 'carried data',
    seeds: [fromHex('6a0401020304', 's'), fromHex('6a4c0401020304515f', 's'), fromHex('6a', 's')],
    maxBytes: 600,
    run: (input) => void dataPushes(input),
  },
  {
    name: 'Merkle branch, JSON',
    seeds: [encodeBranch({ height: 7, index: 3, siblings: siblingsOf(segwit.rows, 3) })].map(utf8),
    run(input) {
      const text = new TextDecoder().decode(input);
      for (const dialect of ['esplora', 'electrum'] as const) {
        const branch = decodeBranch(text, dialect);
        if (branch.siblings.length > 24) throw new Error('a branch deeper than any block');
      }
    },
  },
  {
    name: 'signet block',
    seeds: [segwitRaw],
    run(input) {
      checkSignetBlock(input, OP_TRUE);
      try {
        checkSignetBlock(input, challenge);
      } catch (error) {
        // Nobody signed these blocks.
        if (!(error instanceof SignetSolutionError)) throw error;
        return;
      }
      throw new Error('a block without signature is taken');
    },
  },
  {
    name: 'block hash',
    seeds: [new TextEncoder().encode(bitcoinKind.displayHash(genesis.hash))],
    run: (input) => void bitcoinKind.parseHash(new TextDecoder().decode(input)),
  },
];
