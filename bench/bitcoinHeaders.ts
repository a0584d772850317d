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
const count = 20_000;
const network = bitcoinNetwork('bitcoin-regtest');
const chain = [foreignHeader(network.genesisHeader, 0)];
for (let last = chain[0]; last !== undefined && chain.length < count; chain.push(last))
  last = mineAfter(last);
const data = concatBytes(...chain.map((header) => header.raw));

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
report(`Bitcoin headers: ${count} of regtest`, rates);
const slowdown = (rates[0]?.perSecond ?? 0) / (rates[1]?.perSecond ?? Number.NaN);
if (!(slowdown <= MAX_SLOWDOWN)) {
  console.error(`header rules cost x${slowdown.toFixed(2)} of a bare hash, more than x${MAX_SLOWDOWN}`);
  process.exitCode = 1;
}
