import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BlockProver } from '../adapters/bitcoin/proofs/build.js';
import { BitcoinInclusionType } from '../adapters/bitcoin/proofs/payload.js';
import { foreignHeader } from '../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../adapters/bitcoin/rules/networks.js';
import { rawBlock, sampleTransactions } from '../adapters/bitcoin/testing/samples.js';
import { blstBls } from '../mainchain/crypto/blst.js';
import { nobleBls } from '../proofs/bls/bls.js';
import { MainHeaderType } from '../proofs/containers/header.js';
import {
  ChainRefType,
  CompactCertificateType,
  CompactLeafType,
  LeafCommitmentType,
} from '../proofs/containers/proof.js';
import { decodeProof, encodeProof } from '../proofs/format/file.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { leafPath } from '../proofs/history/path.js';
import { trustFromGenesis } from '../proofs/verify/trust.js';
import { verifyProof } from '../proofs/verify/verify.js';
import { bitcoinFixture, registryContext } from '../test/fixtures/bitcoinProof.js';
import { median, race, report } from './measure.js';

/** What a Bitcoin proof costs: a block of thousands of transactions, a history of a million leaves, a known set. */
const AIM_BYTES = 2500;
/** Everything but the signature takes at most this part of a whole check with native BLS. */
const MAX_UNSIGNED = 0.5;
const LEAVES = 1_000_000;
useFastHasher();

const file = '../shared/data/btc-blocks/main_831330.raw';
const real = existsSync(file);
const regtest = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
const block = real ? new Uint8Array(readFileSync(file)) : rawBlock(regtest, sampleTransactions(3000));
const chain = real ? 'bitcoin-mainnet' : 'bitcoin-regtest';
const prover = new BlockProver(block);
const count = prover.txids.length;
const place = Math.floor(count / 2) + 1;
const fixture = bitcoinFixture({ chain, block, place, size: LEAVES, height: 831_330 });
const { proof, history, nodes } = fixture;
const bytes = encodeProof(proof, 'ssz', registryContext);
console.log(
  `${real ? 'A mainnet' : 'A made'} block of ${count} transactions, a history of ${LEAVES} leaves, 4 delegates`,
);

const { leafAnchor } = proof;
const build = () =>
  encodeProof(
    {
      ...proof,
      leafAnchor: { ...leafAnchor, historyPath: leafPath(history, 831_330, nodes) },
      payload: prover.prove([prover.txids[place]!]),
    },
    'ssz',
    registryContext,
  );
const trust = trustFromGenesis(fixture.genesis);
const verify = (bls: typeof nobleBls) =>
  verifyProof(decodeProof(bytes, registryContext).proof, { ...registryContext, bls, trust });
const unsigned = { ...nobleBls, fastAggregateVerify: () => true };
if (!Buffer.from(build()).equals(bytes)) throw new Error('built another proof');

const timed = (name: string, times: number, run: () => unknown) => ({
  name,
  count: times,
  run: () => {
    for (let i = 0; i < times; i++) run();
  },
});
const rates = await race([
  timed('build: paths and SSZ, block parsed before', 500, build),
  timed('verify: SSZ and all but the signature', 500, () => verify(unsigned)),
  timed('verify: everything, native BLS', 200, () => verify(blstBls)),
  timed('verify: everything, BLS in JavaScript', 10, () => verify(nobleBls)),
  timed('read and hash the block', 1, () => new BlockProver(block)),
]);
report('Proofs of one transaction', rates);
for (const { name, perSecond } of rates)
  console.log(`  ${name.padEnd(58)} ${(1000 / perSecond).toFixed(3).padStart(14)} ms`);

const part = rates[2]!.perSecond / rates[1]!.perSecond;
if (!(part <= MAX_UNSIGNED)) {
  console.error(`all but the signature takes ${part.toFixed(2)} of a whole check, more than ${MAX_UNSIGNED}`);
  process.exitCode = 1;
}

const payload = BitcoinInclusionType.deserialize(proof.payload);
const { anchor } = leafAnchor;
const raw = payload.transactions[0]!.raw.length;
const hashes = (list: readonly Uint8Array[]) => list.length * 32;
const parts: [string, number][] = [
  [`history path, ${leafAnchor.historyPath.length} hashes`, hashes(leafAnchor.historyPath)],
  [`Merkle nodes of the block, ${payload.nodes.length} hashes`, hashes(payload.nodes)],
  ['main header', MainHeaderType.serialize(anchor.header).length],
  ['coinbase, stripped', payload.coinbase.length],
  ['leaf', CompactLeafType.serialize(leafAnchor.leaf).length],
  ['certificate', CompactCertificateType.serialize(anchor.certificate).length],
  ['commitment', LeafCommitmentType.serialize(leafAnchor.commitment).length],
  ['chain name and checkpoint', ChainRefType.serialize(leafAnchor.chain).length],
  [`index path, ${anchor.indexPath.length} hashes`, hashes(anchor.indexPath)],
  ['genesis root', 32],
];
const size = bytes.length - raw;
parts.push(['offsets, kind, counts', size - parts.reduce((sum, [, n]) => sum + n, 0)]);
console.log(`\nBytes of the SSZ file, without the ${raw} of the transaction itself`);
for (const [name, n] of [...parts, ['total', size] as const])
  console.log(`  ${name.padEnd(58)} ${String(n).padStart(14)}`);

/** Sizes of the proofs of all payments of a block, as if it stood in this block's place; smallest first. */
function sizesIn(other: BlockProver): number[] {
  const base = size - (proof.payload.length - raw);
  const payments = other.txids
    .slice(1)
    .map((txid, i) => other.prove([txid]).length - other.stripped(i + 1)!.length);
  return payments.map((n) => base + n).sort((a, b) => a - b);
}

const folder = dirname(file);
const others = real ? readdirSync(folder).filter((name) => /^main_\d+\.raw$/.test(name)) : [];
console.log(`\nBytes of the same proof in any block of 1,800 transactions or more, aim ${AIM_BYTES}`);
for (const name of real ? others : ['']) {
  const other = name === '' ? prover : new BlockProver(new Uint8Array(readFileSync(join(folder, name))));
  const transactions = other.txids.length;
  if (transactions < 1800) continue;
  const all = sizesIn(other);
  const coinbase = other.stripped(0)!.length;
  console.log(
    `  ${`${transactions} transactions, coinbase of ${coinbase}`.padEnd(58)} ${all[0]} to ${all.at(-1)}, median ${median(all)}, within the aim ${Math.round((100 * all.filter((n) => n <= AIM_BYTES).length) / all.length)} %`,
  );
}
