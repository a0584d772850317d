// Feeds the updates of successive sync-committee periods, in the beacon API's JSON, to @lodestar/light-client, and prints
// how many periods it takes a second, every signature checked.
// Usage: node lodestar.mjs FOLDER_WITH_NODE_MODULES FILE GENESIS_VALIDATORS_ROOT ROUNDS
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, file, validatorsRoot, rounds] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(folder, 'node_modules', path)).href);
const { LightclientSpec } = await load('@lodestar/light-client/lib/spec/index.js');
const { createBeaconConfig } = await load('@lodestar/config/lib/index.js');
const { mainnetChainConfig } = await load('@lodestar/config/lib/configs.js');
const { ssz } = await load('@lodestar/types/lib/index.js');
const { default: bls } = await load('@chainsafe/bls/lib/index.js');

const { bootstrap, updates } = JSON.parse(readFileSync(file, 'utf8'));
const config = createBeaconConfig(mainnetChainConfig, Buffer.from(validatorsRoot.slice(2), 'hex'));
const start = ssz.capella.LightClientBootstrap.fromJson(bootstrap[0]);
const run = updates.map((update) => ssz.capella.LightClientUpdate.fromJson(update));
const nanoseconds = [];
for (let round = 0; round < Number(rounds); round++) {
  const client = new LightclientSpec(
    config,
    { allowForcedUpdates: false, updateHeadersOnForcedUpdate: false },
    start,
  );
  const from = process.hrtime.bigint();
  for (const update of run) client.onUpdate(update.signatureSlot + 1, update);
  nanoseconds.push(Number(process.hrtime.bigint() - from) / run.length);
  if (client.store.finalizedHeader.beacon.slot <= start.header.beacon.slot)
    throw new Error('nothing was finalised');
}
nanoseconds.sort((a, b) => a - b);
const perSecond = 1e9 / nanoseconds[nanoseconds.length >> 1];
console.log(JSON.stringify({ periods: run.length, implementation: bls.implementation, perSecond }));
