// Feeds a file of headers to bcoin's SPV chain, in memory, and prints how many it takes a second.
// Usage: node bcoin.cjs FOLDER_WITH_NODE_MODULES FILE
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const Module = require('node:module');

const [folder, file] = process.argv.slice(2);
const load = Module._load;
// Its database is native and not compiled here: in memory it is not used.
Module._load = (name, ...rest) => (name === 'leveldown' ? class {} : load(name, ...rest));
const bcoin = (path) => require(join(folder, 'node_modules', 'bcoin', 'lib', path));
const Chain = bcoin('blockchain/chain');
const Headers = bcoin('primitives/headers');
// In SPV mode its chain takes Merkle blocks; a bare header has no body to check.
Headers.prototype.checkBody = () => [true, 'valid', 0];
Headers.prototype.verifyBody = () => true;
Headers.prototype.txs = [];

async function main() {
  const data = readFileSync(file);
  const chain = new Chain({ network: 'main', spv: true, memory: true, checkpoints: false });
  await chain.open();
  const start = process.hrtime.bigint();
  for (let at = 80; at < data.length; at += 80) {
    const entry = await chain.add(Headers.fromHead(data.subarray(at, at + 80)));
    if (!entry) throw new Error(`header ${at / 80} was not taken`);
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  console.log(JSON.stringify({ height: chain.height, perSecond: (data.length / 80 - 1) / seconds }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
