import { bitcoinKind } from '../adapters/bitcoin/kind.js';
import { foreignHeader } from '../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../adapters/bitcoin/rules/networks.js';
import { HeaderChainValidator } from '../adapters/bitcoin/rules/validator.js';
import { mineAfter } from '../adapters/bitcoin/testing/samples.js';
import { HeaderTree } from '../adapters/tree.js';
import type { ForeignHeader } from '../adapters/types.js';
import { concatBytes } from '../proofs/bytes.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { median, report } from './measure.js';

/** Headers of the chain on which memory is watched, and of a reorganisation. */
const LENGTH = 1_000_000;
const DEPTH = 10_000;
/** How much more memory may be in use after the chain than after its first tenth, bytes. */
const MAX_GROWTH = 16 * 2 ** 20;
const NOW = 0xffffffff;

useFastHasher();
const network = bitcoinNetwork('bitcoin-regtest');
const genesis = foreignHeader(network.genesisHeader, 0);
const checkpoint = { height: 0, hash: genesis.hash, work: 2n, periodStartTime: 0, periodStartBits: 0 };
const collect = globalThis.gc ?? (() => undefined);
const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

function extend(from: ForeignHeader, count: number, salt = 0): ForeignHeader[] {
  const run: ForeignHeader[] = [];
  for (let last = from; run.length < count; run.push(last)) last = mineAfter(last, salt);
  return run;
}

memory();
reorganisation();

/** A validator and a tree take a million headers, two thousand at a time. */
function memory(): void {
  const validator = new HeaderChainValidator(network, { kind: 'genesis' });
  validator.push(genesis.raw, 0, NOW);
  const tree = new HeaderTree(bitcoinKind, checkpoint, { header: genesis, work: 2n });
  const used: number[] = [];
  let last = genesis;
  for (let done = 0; done < LENGTH; done += 2000) {
    const run = extend(last, 2000);
    last = run.at(-1) ?? last;
    validator.pushMany(concatBytes(...run.map((header) => header.raw)), NOW);
    tree.add(run);
    if ((done + 2000) % (LENGTH / 10) !== 0) continue;
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    used.push(heapUsed + arrayBuffers);
  }
  console.log(
    `\nMemory after each ${LENGTH / 10} of ${LENGTH} headers, validated and in a tree of ${tree.size}`,
  );
  console.log(`  ${used.map((bytes) => `${mebibytes(bytes)} MiB`).join('  ')}`);
  const growth = (used.at(-1) ?? 0) - (used[0] ?? 0);
  if (growth > MAX_GROWTH) {
    console.error(`memory grew by ${mebibytes(growth)} MiB over a million headers`);
    process.exitCode = 1;
  }
}

/** Two branches of ten thousand headers, both known: the switch from one to the other, beside validating it. */
function reorganisation(): void {
  const ours = extend(genesis, DEPTH);
  const theirs = extend(genesis, DEPTH + 1, 1);
  const bytes = concatBytes(...theirs.map((header) => header.raw));
  const rounds = {
    hash: [] as number[],
    validate: [] as number[],
    follow: [] as number[],
    switch: [] as number[],
  };
  const seconds = (run: () => unknown): number => {
    const start = process.hrtime.bigint();
    run();
    return Number(process.hrtime.bigint() - start) / 1e9;
  };
  for (let round = 0; round < 8; round++) {
    const validator = new HeaderChainValidator(network, { kind: 'checkpoint', checkpoint });
    const validated = seconds(() => validator.pushMany(bytes, NOW));
    const tree = new HeaderTree(bitcoinKind, checkpoint, { header: genesis, work: 2n }, { keep: 2 * DEPTH });
    const validate = (header: ForeignHeader, ancestors: Parameters<typeof bitcoinKind.validate>[2]) =>
      bitcoinKind.validate(network.name, header, ancestors, NOW);
    tree.add(ours);
    const followed = seconds(() => tree.add(theirs.slice(0, DEPTH), validate));
    const switched = seconds(() => {
      const { disconnected, connected } = tree.add(theirs.slice(DEPTH), validate);
      if (disconnected.length !== DEPTH || connected.length !== DEPTH + 1)
        throw new Error('no reorganisation');
    });
    // Round 0 warms up.
    if (round === 0) continue;
    rounds.validate.push(validated);
    rounds.follow.push(followed);
    rounds.switch.push(switched);
  }
  const rate = (name: string, times: readonly number[]) => ({ name, perSecond: DEPTH / median(times) });
  report(`A reorganisation of ${DEPTH} headers`, [
    rate('validate them once, hashes in lanes', rounds.validate),
    rate('take them as a side branch, rule by rule', rounds.follow),
    rate('switch to that branch', rounds.switch),
  ]);
  if (median(rounds.switch) >= median(rounds.validate)) {
    console.error('switching branches costs more than validating the branch once');
    process.exitCode = 1;
  }
}
