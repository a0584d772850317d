// Reads headers, one a line in hex, hashes each and checks its link to the one before with @ethereumjs/block, and prints how many
// it takes a second.
// Usage: node ethereumjs.mjs FOLDER_WITH_NODE_MODULES FILE ROUNDS
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, file, rounds] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { createBlockHeaderFromRLP } = await load('@ethereumjs/block');
const { Common, Mainnet } = await load('@ethereumjs/common');

const raws = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => new Uint8Array(Buffer.from(line, 'hex')));
const common = new Common({ chain: Mainnet });
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const seconds = [];
for (let round = 0; round < Number(rounds); round++) {
  const start = process.hrtime.bigint();
  let before;
  for (const raw of raws) {
    const header = createBlockHeaderFromRLP(raw, { common, setHardfork: true });
    if (before !== undefined && !same(header.parentHash, before))
      throw new Error(`${header.number} does not link`);
    before = header.hash();
  }
  seconds.push(Number(process.hrtime.bigint() - start) / 1e9);
}
seconds.sort((a, b) => a - b);
console.log(JSON.stringify({ headers: raws.length, perSecond: raws.length / seconds[seconds.length >> 1] }));
