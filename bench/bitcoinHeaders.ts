import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { foreignHeader } from '../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../adapters/bitcoin/rules/networks.js';
import { HeaderChainValidator } from '../adapters/bitcoin/rules/validator.js';
import { mineAfter } from '../adapters/bitcoin/testing/samples.js';
import { concatBytes } from '../proofs/bytes.js';
import { useFastHasher, wasmHasher } from '../proofs/hash/fast.js';
import { sha256d } from '../proofs/hash/hasher.js';
import { race, report } from './measure.js';

/** What all header rules may cost against one double SHA-256 a header, one at a time; and the limit for a header by itself. */
const MAX_SLOWDOWN = 1.5;
const MAX_SLOWDOWN_SINGLE = 2;
/** Headers a second by all rules on a core that does `USUAL_HASHES` single hashes a second; as many fewer on a slower one. */
const LEAST = 1_000_000;
const USUAL_HASHES = 600_000;
useFastHasher();
const file = '../shared/data/btc-headers/mainnet_0_10236.bin';
const real = existsSync(file);
const network = bitcoinNetwork(real ? 'bitcoin-mainnet' : 'bitcoin-regtest');
const data = real ? new Uint8Array(readFileSync(file)) : mined(10_000);
const count = data.length / 80;
const eachHeader = (use: (at: number) => unknown) => () => {
  for (let at = 0; at < data.length; at += 80) use(at);
};
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

const rates = await race([
  {
    name: 'bare double SHA-256 of 80 bytes, one at a time (WebAssembly)',
    count,
    run: eachHeader((at) => sha256d(data.subarray(at, at + 80))),
  },
  {
    name: 'the same by node:crypto',
    count,
    run: eachHeader((at) => sha256(sha256(data.subarray(at, at + 80)))),
  },
  {
    name: 'all header rules, one header at a time',
    count,
    run: () => {
      const validator = new HeaderChainValidator(network, { kind: 'genesis' });
      eachHeader((at) => validator.push(data, at, 0xffffffff))();
    },
  },
  { name: 'bare double SHA-256 in four lanes', count, run: () => wasmHasher.doubleDigests(data, 80) },
  {
    name: 'all header rules, hashes in lanes',
    count,
    run: () => new HeaderChainValidator(network, { kind: 'genesis' }).pushMany(data, 0xffffffff),
  },
]);
report(`Bitcoin headers: the first ${count} of ${network.name}`, rates);
const [wasm = 0, native = 0, single = 0, , lanes = 0] = rates.map((rate) => rate.perSecond);
/** By the best hash of one header at a time that there is here. */
const bare = Math.max(wasm, native);
for (const [what, rate, limit] of [
  ['one at a time', single, MAX_SLOWDOWN_SINGLE],
  ['in lanes', lanes, MAX_SLOWDOWN],
] as const) {
  const slowdown = bare / rate;
  if (!(slowdown <= limit)) {
    console.error(`header rules ${what} cost x${slowdown.toFixed(2)} of a bare hash, more than x${limit}`);
    process.exitCode = 1;
  }
}
const least = LEAST * Math.min(1, bare / USUAL_HASHES);
if (!(lanes >= least)) {
  console.error(`${Math.round(lanes)} headers a second by all rules, fewer than ${Math.round(least)}`);
  process.exitCode = 1;
}
await workers(20);

/** Whether a second thread pays: the same headers `times` over, hashed in a worker while this thread waits. */
async function workers(times: number): Promise<void> {
  const hasher = new URL('../proofs/hash/fast.js', import.meta.url).href;
  const code = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { wasmHasher } = await import(workerData);
    parentPort.on('message', (bytes) => parentPort.postMessage(wasmHasher.doubleDigests(bytes, 80)));
    wasmHasher.doubleDigests(new Uint8Array(80 * 64), 80);
    parentPort.postMessage('ready');`;
  const start = performance.now();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    workerData: hasher,
  });
  const answer = () => new Promise((resolve) => worker.once('message', resolve));
  await answer();
  const startup = performance.now() - start;
  const one = await race([
    {
      name: `this thread hashes ${times} runs`,
      count: times * count,
      run: () => {
        for (let i = 0; i < times; i++) wasmHasher.doubleDigests(data, 80);
      },
    },
    {
      name: 'this thread and one worker, half each',
      count: times * count,
      run: async () => {
        const answered = new Promise<void>((resolve) => {
          let left = times / 2;
          worker.on('message', function done() {
            if (--left > 0) return;
            worker.off('message', done);
            resolve();
          });
        });
        for (let i = 0; i < times / 2; i++) worker.postMessage(data);
        for (let i = 0; i < times / 2; i++) wasmHasher.doubleDigests(data, 80);
        await answered;
      },
    },
  ]);
  report(`A worker thread (ready after ${startup.toFixed(0)} ms)`, one);
  await worker.terminate();
}

/** Regtest headers from the genesis on. */
function mined(length: number): Uint8Array {
  const chain = [foreignHeader(network.genesisHeader, 0)];
  for (let last = chain[0]; last !== undefined && chain.length < length; chain.push(last))
    last = mineAfter(last);
  return concatBytes(...chain.map((header) => header.raw));
}
