import { existsSync, readFileSync } from 'node:fs';
import { foreignHeader } from '../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../adapters/bitcoin/rules/networks.js';
import { HeaderChainValidator } from '../adapters/bitcoin/rules/validator.js';
import { mineAfter } from '../adapters/bitcoin/testing/samples.js';
import { concatBytes } from '../proofs/bytes.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { sha256d } from '../proofs/hash/hasher.js';
import { race, report } from './measure.js';

/** All header rules against the one double SHA-256 a header that they cannot avoid. */
const MAX_SLOWDOWN = 1.5;
useFastHasher();
const file = '../shared/data/btc-headers/mainnet_0_10236.bin';
const real = existsSync(file);
const network = bitcoinNetwork(real ? 'bitcoin-mainnet' : 'bitcoin-regtest');
const data = real ? new Uint8Array(readFileSync(file)) : mined(10_000);
const count = data.length / 80;

const rates = await race([
  {
    name: 'bare double SHA-256 of 80 bytes',
    count,
    run: () => {
      for (let at = 0; at < data.length; at += 80) sha256d(data.subarray(at, at + 80));
    },
  },
  {
    name: 'all header rules, in sequence',
    count,
    run: () => {
      const validator = new HeaderChainValidator(network, { kind: 'genesis' });
      for (let at = 0; at < data.length; at += 80) validator.push(data, at, 0xffffffff);
    },
  },
]);
report(`Bitcoin headers: the first ${count} of ${network.name}`, rates);
const slowdown = (rates[0]?.perSecond ?? 0) / (rates[1]?.perSecond ?? Number.NaN);
if (!(slowdown <= MAX_SLOWDOWN)) {
  console.error(`header rules cost x${slowdown.toFixed(2)} of a bare hash, more than x${MAX_SLOWDOWN}`);
  process.exitCode = 1;
}

/** Regtest headers from the genesis on. */
function mined(length: number): Uint8Array {
  const chain = [foreignHeader(network.genesisHeader, 0)];
  for (let last = chain[0]; last !== undefined && chain.length < length; chain.push(last))
    last = mineAfter(last);
  return concatBytes(...chain.map((header) => header.raw));
}
