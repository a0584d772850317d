import { existsSync, readFileSync } from 'node:fs';
import { bitcoinNetwork } from '../adapters/bitcoin/rules/networks.js';
import { HeaderChainValidator } from '../adapters/bitcoin/rules/validator.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { median, race, report } from './measure.js';
import { installPeer, runPeer } from './peer.js';

/** Times bcoin's rate that full validation must reach. */
const LEAST = 30;
const VERSION = '1.0.2';
const file = '../shared/data/btc-headers/mainnet_0_10236.bin';

// Its native parts do not compile on newer Node.
const folder = existsSync(file) ? installPeer('bcoin', VERSION) : undefined;
if (folder === undefined) {
  console.log('skipped: it needs the real headers in ../shared/data and bcoin from the npm registry');
} else {
  useFastHasher();
  const data = new Uint8Array(readFileSync(file));
  const theirs: number[] = [];
  for (let round = 0; round < 3; round++) theirs.push(Number(runPeer('bcoin.cjs', [folder, file]).perSecond));
  const ours = await race([
    {
      name: 'all header rules, hashes in lanes',
      count: data.length / 80,
      run: () =>
        new HeaderChainValidator(bitcoinNetwork('bitcoin-mainnet'), { kind: 'genesis' }).pushMany(
          data,
          0xffffffff,
        ),
    },
  ]);
  const base = { name: `bcoin ${VERSION}, SPV chain in memory`, perSecond: median(theirs) };
  report('Bitcoin headers beside bcoin: mainnet 0–10236', [base, ...ours]);
  const ratio = (ours[0]?.perSecond ?? 0) / base.perSecond;
  if (!(ratio >= LEAST)) {
    console.error(`only x${ratio.toFixed(1)} of bcoin's rate, less than x${LEAST}`);
    process.exitCode = 1;
  }
}
