import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { foreignEthereumHeader } from '../adapters/ethereum/rules/header.js';
import { validateEthereumHeader } from '../adapters/ethereum/rules/validate.js';
import type { ForeignHeader } from '../adapters/types.js';
import { bytesEqual, toBareHex } from '../proofs/bytes.js';
import { era1Headers } from '../test/data/ethereum/era1.js';
import { sampleHeader } from '../test/fixtures/ethereum/headers.js';
import { median, race, report } from './measure.js';
import { installPeer, runPeer } from './peer.js';

const VERSION = '10.1.3';
const era = '../shared/data/eth-blocks/mainnet_era1_00000_0_8191.era1';
/** Long after every header here. */
const NOW = 2_000_000_000;

/** Decodes, hashes and links. */
function link(raws: readonly Uint8Array[], from: number): ForeignHeader[] {
  const headers: ForeignHeader[] = [];
  for (const [i, raw] of raws.entries()) {
    const header = foreignEthereumHeader(raw, from + i);
    const before = headers.at(-1);
    if (before !== undefined && !bytesEqual(header.parentHash, before.hash))
      throw new Error(`${from + i} does not link`);
    headers.push(header);
  }
  return headers;
}

/** As `link`, and all rules of the network. */
function validate(network: string, raws: readonly Uint8Array[], from: number): void {
  const headers: ForeignHeader[] = [];
  for (const [i, raw] of raws.entries()) {
    const header = foreignEthereumHeader(raw, from + i);
    const first = headers[0] ?? header;
    const checkpoint = { height: from, hash: first.hash, work: 0n, periodStartTime: 0, periodStartBits: 0 };
    if (i > 0)
      validateEthereumHeader(
        network,
        header,
        { checkpoint, header: (height) => headers[height - from] },
        NOW,
      );
    headers.push(header);
  }
}

function subjects(network: string, raws: readonly Uint8Array[], from: number) {
  const count = raws.length;
  return [
    { name: 'decoded, hashed and linked', count, run: () => link(raws, from) },
    { name: 'and all header rules', count, run: () => validate(network, raws, from) },
    { name: 'bare Keccak-256 of each', count, run: () => raws.map((raw) => keccak_256(raw)) },
  ];
}

/** Headers as they are since Prague, each on the one before. */
function modern(count: number): Uint8Array[] {
  const from = 23_000_000;
  const headers = [sampleHeader(from, 1_760_000_000)];
  for (let last = headers[0]; last !== undefined && headers.length < count; headers.push(last))
    last = sampleHeader(last.height + 1, last.time + 12, { parentHash: last.hash });
  return headers.map(({ raw }) => raw);
}

if (existsSync(era)) {
  const raws = era1Headers(new Uint8Array(readFileSync(era)));
  const ours = await race(subjects('ethereum-mainnet', raws, 0));
  report(`Ethereum headers: the first ${raws.length} of mainnet`, [...peerRate(raws), ...ours]);
} else console.log('skipped: the real headers need ../shared/data');
report(
  'Ethereum headers of today’s form (21 fields), made here',
  await race(subjects('ethereum-mainnet', modern(8192), 23_000_000)),
);

/** What @ethereumjs/block takes of the same headers, decoded, hashed and linked. */
function peerRate(raws: readonly Uint8Array[]) {
  const folder = installPeer('@ethereumjs/block', VERSION);
  if (folder === undefined) {
    console.log('without @ethereumjs/block, which the npm registry would have');
    return [];
  }
  const data = mkdtempSync(join(tmpdir(), 'crossroot-bench-headers-'));
  try {
    const file = join(data, 'headers.hex');
    writeFileSync(file, raws.map(toBareHex).join('\n'));
    const rates = [1, 2, 3].map(() => Number(runPeer('ethereumjs.mjs', [folder, file, '5']).perSecond));
    return [{ name: `@ethereumjs/block ${VERSION}, decoded, hashed and linked`, perSecond: median(rates) }];
  } finally {
    rmSync(data, { recursive: true });
  }
}
