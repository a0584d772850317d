import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DataFolder } from '../../cli/init/data.js';
import { crossroot, ensureBuilt } from '../support/built.js';
import { freePorts, hold, release } from '../support/ports.js';

let folder: string;
let base: number;
beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'crossroot-refusals-'));
  base = await freePorts(40);
});
afterAll(() => rm(folder, { recursive: true }));

const bitcoin = () => ({ name: 'bitcoin-regtest', policy: 'confirmations(2)', devnet: { port: base + 30 } });

/** `up` with this configuration, on ports of its own. */
async function up(name: string, config: object) {
  const path = join(folder, `${name}.json`);
  const main = { p2pPort: base, rpcPort: base + 10 };
  const content = { main, api: { port: base + 20 }, chains: [bitcoin()], ...config };
  await writeFile(path, JSON.stringify(content));
  return crossroot(['up', '--once', '--config', path, '--data', join(folder, name)]);
}

describe('up says in one line why it does not start', () => {
  test.each([
    ['the API', 'api.port', 20],
    ['delegate 1', 'main.p2pPort', 1],
    ["delegate 3's RPC", 'main.rpcPort', 13],
    ['the local bitcoin-regtest node', 'chains[0].devnet.port', 30],
  ])('the port of %s is taken', async (service, setting, offset) => {
    const taken = await hold(base + offset);
    try {
      const { code, stderr, stdout } = await up(`port-${offset}`, {});
      expect(stderr).toBe(
        `error: port ${base + offset}, needed by ${service}, is in use\nStop the other program, or change ${setting} in the configuration.\n`,
      );
      expect([code, stdout]).toEqual([1, '']);
    } finally {
      await release(taken);
    }
  });

  test('two services want one port', async () => {
    const { code, stderr } = await up('twice', { api: { port: base + 12 } });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`port ${base + 12}, needed by delegate 2's RPC`),
    ]);
  });

  test('another one runs on the data folder', async () => {
    const data = await DataFolder.open(join(folder, 'held'));
    const { code, stderr } = await up('held', {});
    await data.close();
    expect(stderr).toMatch(/^error: another crossroot up or init is running on .*held\n/);
    expect(code).toBe(1);
  });

  test('the configuration is wrong', async () => {
    const { code, stderr } = await up('wrong', { chains: [{ ...bitcoin(), policy: 'soon' }] });
    expect(stderr).toMatch(/^error: .*wrong\.json: chains\[0\]\.policy: .*\n$/);
    expect(code).toBe(1);
    expect(existsSync(join(folder, 'wrong'))).toBe(false);
  });

  test('a program is missing', async () => {
    const devnet = { port: base + 30, bitcoind: '/no/such/bitcoind' };
    const { code, stderr } = await up('missing', { chains: [{ ...bitcoin(), devnet }] });
    expect(stderr).toMatch(/^error: bitcoind was not found\n\/no\/such\/bitcoind is not a program/);
    expect(code).toBe(1);
  });

  test('a node does not answer', async () => {
    const sources = [
      { type: 'bitcoin-core', url: `http://127.0.0.1:${base + 35}`, user: 'u', password: 'secret' },
    ];
    const chains = [{ name: 'bitcoin-regtest', policy: 'confirmations(2)', sources }];
    const { code, stderr, stdout } = await up('dead', { chains });
    expect(stderr).toMatch(/^error: bitcoin-regtest: .*cannot be reached \(ECONNREFUSED\)\n$/);
    expect(code).toBe(1);
    expect(stdout + stderr).not.toContain('secret');
  });

  test('a checkpoint from which the chain cannot be followed', async () => {
    const sources = [{ type: 'bitcoin-core', url: `http://127.0.0.1:${base + 35}` }];
    const checkpoint = { height: 831_327, hash: 'ab'.repeat(32), work: '1' };
    const chains = [{ name: 'bitcoin-mainnet', policy: 'confirmations(2)', checkpoint, sources }];
    const { code, stderr } = await up('unfit', { chains });
    expect(stderr).toMatch(/^error: .*chains\[0\]\.checkpoint: periodStartTime: is needed/);
    expect(code).toBe(1);
  });
});
