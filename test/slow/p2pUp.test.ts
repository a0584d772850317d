import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Btcd, findBtcd } from '../support/btcd.js';
import { ensureBuilt } from '../support/built.js';
import { freePorts as freeRun } from '../support/ports.js';
import { crossroot, freePorts, type Ports, tempFolder, Up } from './support/up.js';

const binary = findBtcd();
if (binary === undefined) console.warn('btcd is not on PATH, in $GOPATH/bin or in ~/go/bin: skipped');

/** Everything that `up` starts, reading a node of somebody else's over nothing but its P2P protocol. */
describe.skipIf(binary === undefined)('up over the P2P protocol of btcd alone', () => {
  let folder: string;
  let node: Btcd;
  let up: Up;

  beforeAll(async () => {
    ensureBuilt();
    folder = await tempFolder('p2p');
    const ports: Ports = await freePorts();
    const first = await freeRun(2);
    node = new Btcd({
      binary: binary ?? '',
      dataDir: join(folder, 'btcd'),
      p2pPort: first,
      rpcPort: first + 1,
    });
    await node.start();
    await node.call('generate', 150);
    up = new Up(folder, ports, {
      chains: [
        {
          name: 'bitcoin-regtest',
          policy: 'confirmations(2)',
          pollMilliseconds: 250,
          sources: [{ type: 'bitcoin-p2p', address: node.p2p }],
        },
      ],
    });
    up.start();
  });
  afterAll(async () => {
    await up?.stop();
    await node?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const coinbaseOf = async (height: number) => {
    const block = await node.call('getblock', await node.call('getblockhash', height), 1);
    return (block as { tx: string[] }).tx[0]!;
  };

  it('proves what was there before and what comes after, over a restart of the node', async () => {
    for (const height of [77, 152, 160]) {
      if (height === 152) await node.call('generate', 6);
      if (height === 160) {
        await node.restart(2);
        await node.call('generate', 10);
      }
      const file = join(folder, `${height}.json`);
      const args = [
        '--chain',
        'bitcoin-regtest',
        '--tx',
        await coinbaseOf(height),
        '--api',
        up.api,
        '-o',
        file,
      ];
      await up.until(`the proof of ${height}`, async () => (await crossroot('prove', ...args)).code === 0);
      expect(await crossroot('verify', file, '--data', up.data)).toMatchObject({ code: 0 });
    }
    expect(await up.stop()).toBe(0);
  });
});
