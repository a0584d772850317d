import { parseBitcoinAddress } from '../../adapters/bitcoin/address.js';
import { parseAddress, showAddress } from '../../adapters/bitcoin/p2p/address.js';
import { decodeBranch, encodeBranch, siblingsOf } from '../../adapters/bitcoin/proofs/branch.js';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { importInclusion } from '../../adapters/bitcoin/proofs/import.js';
import {
  decodeMerkleBlock,
  encodeMerkleBlock,
  partialTree,
} from '../../adapters/bitcoin/proofs/partialMerkleTree.js';
import { joinParts } from '../../adapters/bitcoin/proofs/transaction.js';
import { verifyBitcoinInclusion } from '../../adapters/bitcoin/proofs/verify.js';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { mineAfter } from '../../adapters/bitcoin/testing/samples.js';
import { segwitBlock } from '../../adapters/bitcoin/testing/segwit.js';
import { BranchCollector, type BranchRecord, verifyBranches } from '../../adapters/chain/branches.js';
import { findNetwork, networkData, payloadVerifiers } from '../../adapters/registry.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { readBranchFile } from '../../cli/commands/evidence.js';
import { CheckpointSchema, checkFollowable, toCheckpoint } from '../../config/checkpoint.js';
import { parseWith } from '../../config/json.js';
import { ConfigSchema } from '../../config/schema.js';
import {
  decodeCursor,
  decodeListCursor,
  encodeCursor,
  encodeListCursor,
} from '../../indexers/store/cursor.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { parseKeyFile } from '../../mainchain/crypto/keystore.js';
import { formatGenesisFile, parseGenesisFile } from '../../mainchain/genesis/file.js';
import { bytesEqual, toBareHex, utf8 } from '../../proofs/bytes.js';
import { GenesisType } from '../../proofs/containers/genesis.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { decodeProof, encodeProof } from '../../proofs/format/file.js';
import { decodeTrust, encodeTrust } from '../../proofs/format/trust.js';
import type { Json } from '../../proofs/verify/payload.js';
import { trustFromGenesis } from '../../proofs/verify/trust.js';
import { verifyProof } from '../../proofs/verify/verify.js';
import { formatPolicy, parsePolicy } from '../../timing/policy.js';
import { bitcoinFixture, registryContext } from '../fixtures/bitcoinProof.js';
import { certify, testGenesis, testHeader, testSet } from '../fixtures/mainChain.js';
import type { FuzzTarget } from './harness.js';

const json = (input: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(input));
  } catch (error) {
    throw new MalformedInputError('input', 'is not JSON', error);
  }
};
const text = (input: Uint8Array) => new TextDecoder().decode(input);
const told = (value: unknown) => utf8(JSON.stringify(value));

const config = {
  logLevel: 'debug',
  chains: [
    {
      name: 'bitcoin-mainnet',
      policy: 'confirmations(6)',
      checkpoint: {
        ...{ height: 840_000, hash: '11'.repeat(32), work: '0x7b', header: '00'.repeat(80) },
        ...{ periodStartTime: 1_700_000_000, periodStartBits: '17034219' },
      },
      sources: [
        { type: 'bitcoin-core', url: 'http://127.0.0.1:8332', user: 'u', password: 'p' },
        { type: 'bitcoin-p2p', address: '[::1]:8333' },
        { type: 'esplora', url: 'https://host/api', requestsPerSecond: 2 },
      ],
    },
    {
      name: 'ethereum-mainnet',
      policy: 'finalized',
      checkpointProviders: ['http://a:1', 'http://b:1'],
      sources: [
        { type: 'ethereum-rpc', url: 'wss://host/key' },
        { type: 'beacon-api', url: 'http://127.0.0.1:5052' },
      ],
    },
  ],
  log: { type: 'kafka', brokers: ['kafka:9092'] },
  index: { type: 'clickhouse', url: 'http://clickhouse:8123' },
  api: { port: 80, requestsPerMinute: 10 },
};

const regtest = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
function part(count: number, salt: number) {
  const collector = new BranchCollector();
  let last: ForeignHeader = regtest;
  for (let i = 0; i < count; i++) {
    last = mineAfter(last, salt);
    collector.push(last);
  }
  return collector.part;
}
const branches: BranchRecord = {
  ...{ format: 'crossroot-branches', version: 1, chain: 'bitcoin-regtest', forkHeight: 0 },
  checkpoint: { height: 0, hash: toBareHex(regtest.hash), work: '2', periodStartTime: 0, periodStartBits: 0 },
  ...{ trunk: [toBareHex(regtest.raw)], ours: part(3, 1), theirs: part(4, 2) },
};

const { parts, raw: rawBlock } = segwitBlock(regtest, 7);
const prover = new BlockProver(rawBlock);
const wanted = [0, 4].map((place) => joinParts(parts[place] ?? { stripped: rawBlock, witness: rawBlock }));
const branchesOf = (place: number) =>
  encodeBranch({ height: 1, index: place, siblings: siblingsOf(prover.rows, place) });

const set = testSet('fuzz', 4);
const genesis = testGenesis(set, 50);
const header = testHeader(genesis, set, { height: 3 });
const trust = encodeTrust({
  ...{ genesisTime: genesis.time, slotMilliseconds: 500, termBlocks: 50, header, members: set.members },
  certificate: certify(header, set, [0, 1, 3]),
});
const { proof, genesis: proofGenesis } = bitcoinFixture({ size: 20, height: 10 });
const ssz = encodeProof(proof, 'ssz', registryContext);
const trusted = trustFromGenesis(proofGenesis);

const view = { chain: 'a', number: 7, height: 5, hash: new Uint8Array(32).fill(7) };
const keyFile = {
  ...{ version: 1, kind: 'bls12-381', public: 'ab'.repeat(48) },
  kdf: { name: 'scrypt', n: 65_536, r: 8, p: 1, salt: '00'.repeat(32) },
  cipher: { name: 'aes-256-gcm', nonce: '00'.repeat(12), tag: '00'.repeat(16), text: '00'.repeat(32) },
};

/** Everything that users and operators bring: configuration, keys, genesis, trust, what other programs prove, cursors, names. */
export const fileTargets: readonly FuzzTarget[] = [
  {
    name: 'configuration',
    seeds: [
      told(config),
      told({}),
      told({ chains: [{ name: 'bitcoin-regtest', policy: 'age(5)', devnet: {} }] }),
    ],
    run(input) {
      const { chains, api } = parseWith(ConfigSchema, json(input), 'file');
      if (chains.length === 0 || !(api.port >= 0 && api.port < 65_536))
        throw new Error('a bad configuration');
      for (const { name, policy } of chains) {
        findNetwork(name);
        parsePolicy(policy);
      }
    },
  },
  ...(['bitcoin-mainnet', 'bitcoin-regtest', 'ethereum-mainnet'] as const).map(
    (chain): FuzzTarget => ({
      name: `checkpoint of ${chain}`,
      seeds: [
        told(
          chain === 'ethereum-mainnet'
            ? { height: 5, hash: `0x${'11'.repeat(32)}`, trustedBlockRoot: `0x${'22'.repeat(32)}` }
            : config.chains[0]?.checkpoint,
        ),
      ],
      run(input) {
        const { checkpoint } = toCheckpoint(chain, parseWith(CheckpointSchema, json(input), 'file'), 'file');
        checkFollowable(chain, checkpoint, 'file');
        if (checkpoint.hash.length !== 32 || !Number.isSafeInteger(checkpoint.height))
          throw new Error('a bad checkpoint');
      },
    }),
  ),
  {
    name: 'genesis file',
    seeds: [
      utf8(formatGenesisFile(genesis)),
      utf8(formatGenesisFile({ ...genesis, balances: [{ account: new Uint8Array(20), balance: 5n }] })),
    ],
    maxBytes: 8192,
    run(input) {
      const read = parseGenesisFile(text(input));
      const again = parseGenesisFile(formatGenesisFile(read));
      if (!bytesEqual(GenesisType.serialize(read), GenesisType.serialize(again)))
        throw new Error('a genesis changes when written');
    },
  },
  {
    name: 'key file',
    seeds: [told(keyFile), utf8(JSON.stringify(keyFile, undefined, 2))],
    run(input) {
      const { n, r, p } = parseKeyFile('file', text(input)).kdf;
      if ((n & (n - 1)) !== 0 || 128 * n * r > 2 ** 28 || p > 16) throw new Error('no such derivation');
    },
  },
  {
    name: 'trust file',
    share: 0.2,
    seeds: [utf8(trust)],
    maxBytes: 8192,
    run(input) {
      const read = decodeTrust(json(input) as Json, blstBls);
      if (!bytesEqual(read.genesisRoot, header.genesisRoot)) throw new Error('another chain is trusted');
    },
  },
  {
    name: 'proof file, verified',
    share: 0.2,
    seeds: [ssz, encodeProof(proof, 'json', registryContext)],
    maxBytes: 65_536,
    run(input) {
      const read = decodeProof(input, registryContext).proof;
      verifyProof(read, { networks: networkData, payloads: payloadVerifiers, bls: blstBls, trust: trusted });
      if (!bytesEqual(encodeProof(read, 'ssz', registryContext), ssz))
        throw new Error('a second proof holds');
    },
  },
  {
    name: 'timing policy',
    seeds: ['confirmations(6)', 'age(60)', 'finalized', ' safe '].map(utf8),
    maxBytes: 60,
    run(input) {
      const read = parsePolicy(text(input));
      const again = parsePolicy(formatPolicy(read));
      if (again.kind !== read.kind || again.value !== read.value) throw new Error('changes when written');
    },
  },
  {
    name: 'peer address',
    seeds: ['host:8333', '[::1]:1', '::1', '127.0.0.1', 'a.b.c.'].map(utf8),
    maxBytes: 100,
    run(input) {
      const read = parseAddress(text(input), 8333);
      const again = parseAddress(showAddress(read), 1);
      if (again.host !== read.host || again.port !== read.port) throw new Error('changes when written');
    },
  },
  {
    name: 'Bitcoin address',
    seeds: [
      '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
      'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
      'bc1pw5dgrnzv',
    ]
      .map(utf8)
      .slice(0, 2),
    maxBytes: 120,
    run(input) {
      const script = parseBitcoinAddress('bitcoin-mainnet', text(input));
      if (script.length < 4 || script.length > 42) throw new Error('no script of an address');
    },
  },
  {
    name: 'branches as evidence',
    seeds: [told(branches)],
    maxBytes: 4096,
    run(input) {
      const record = readBranchFile(input);
      const { ours, theirs } = verifyBranches(findNetwork(record.chain).kind, record, 0xffffffff);
      for (const { work, headers } of [ours, theirs])
        if (work < 0n || headers < 1) throw new Error('a branch of nothing');
    },
  },
  {
    name: 'gettxoutproof, imported',
    seeds: [[0], [4], [0, 4], [0, 1, 2, 3, 4, 5, 6]]
      .map((which) => encodeMerkleBlock({ header: prover.header, ...partialTree(prover.rows, which) }))
      .filter((_, i) => i > 1),
    run(input) {
      const read = decodeMerkleBlock(input);
      for (const { txid, index } of verifyBitcoinInclusion(
        importInclusion(prover.header, wanted, [read]),
        prover.header.subarray(36, 68),
      ))
        if (!bytesEqual(txid, prover.txids[index] ?? txid.subarray(1)))
          throw new Error('a false transaction');
    },
  },
  {
    name: 'branches of Esplora, imported',
    seeds: [utf8(branchesOf(4))],
    run(input) {
      const coinbase = decodeBranch(branchesOf(0), 'esplora');
      const payload = importInclusion(prover.header, wanted, [
        coinbase,
        decodeBranch(text(input), 'esplora'),
      ]);
      for (const { txid, index } of verifyBitcoinInclusion(payload, prover.header.subarray(36, 68)))
        if (!bytesEqual(txid, prover.txids[index] ?? txid.subarray(1)))
          throw new Error('a false transaction');
    },
  },
  {
    name: 'transactions to import',
    seeds: wanted.slice(1),
    run(input) {
      const both = [0, 4].map((place) => decodeBranch(branchesOf(place), 'electrum'));
      importInclusion(prover.header, [wanted[0] ?? input, input], both);
    },
  },
  {
    name: 'cursor of a view',
    seeds: [utf8(encodeCursor('headers a', view, [5, 'ab'])), utf8(encodeCursor('headers a', view, []))],
    maxBytes: 1100,
    run(input) {
      const { number, hash, key } = decodeCursor('headers a', text(input));
      if (!Number.isSafeInteger(number) || hash.length !== 8 || key.length > 8)
        throw new Error('a bad cursor');
    },
  },
  {
    name: 'cursor of a list',
    seeds: [
      utf8(encodeListCursor('evidence', { at: 5, mark: '0123456789abcdef', key: [5, 'ab'] })),
      utf8(encodeListCursor('evidence', { at: 0, mark: '', key: [] })),
    ],
    maxBytes: 1100,
    run(input) {
      const { at, mark, key } = decodeListCursor('evidence', text(input));
      if (!Number.isSafeInteger(at) || mark.length > 16 || key.length > 8) throw new Error('a bad cursor');
    },
  },
];
