import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bitcoinNetwork } from '../adapters/bitcoin/rules/networks.js';
import { HeaderChainValidator } from '../adapters/bitcoin/rules/validator.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { median, race, report } from './measure.js';

/** Times bcoin's rate that full validation must reach. */
const LEAST = 30;
const VERSION = '1.0.2';
const file = '../shared/data/btc-headers/mainnet_0_10236.bin';
const peer = fileURLToPath(new URL('../../../bench/peers/bcoin.cjs', import.meta.url));

/** bcoin in a folder of its own: it is no dependency, and its native parts do not compile on newer Node. */
function installed(): string | undefined {
  const folder = join(tmpdir(), `crossroot-bench-bcoin-${VERSION}`);
  if (existsSync(join(folder, 'node_modules', 'bcoin'))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  try {
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `bcoin@${VERSION}`];
    execFileSync(npm, args, { cwd: folder, stdio: 'pipe', timeout: 120_000 });
    return folder;
  } catch (error) {
    console.log(`bcoin cannot be installed: ${error instanceof Error ? error.message.split('\n')[0] : ''}`);
    return undefined;
  }
}

const folder = existsSync(file) ? installed() : undefined;
if (folder === undefined) {
  console.log('skipped: it needs the real headers in ../shared/data and bcoin from the npm registry');
} else {
  useFastHasher();
  const data = new Uint8Array(readFileSync(file));
  const theirs: number[] = [];
  for (let round = 0; round < 3; round++) {
    const answer: unknown = JSON.parse(
      execFileSync(process.execPath, [peer, folder, file], { encoding: 'utf8' }),
    );
    theirs.push(Number((answer as { perSecond: number }).perSecond));
  }
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
