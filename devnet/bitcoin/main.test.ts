import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { CoreRestSource } from '../../adapters/bitcoin/sources/coreRest.js';
import { EsploraSource } from '../../adapters/bitcoin/sources/esplora.js';
import { P2pSource } from '../../adapters/bitcoin/sources/p2p.js';
import { compileEntry } from '../../test/support/compile.js';
import { startRegtest, unspentOf } from '../../test/support/regtest.js';
import { freePort } from '../child.js';
import { launchRegtest, readCookie } from '../regtest.js';
import { callNode } from '../rpcClient.js';
import { RegtestNode } from './node.js';
import { cookiePath } from './rpc/cookie.js';

let entry: string;
let dir: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  entry = await compileEntry('devnet/bitcoin/main.ts');
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'regtest-main-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});

async function start(...more: string[]) {
  const child = fork(entry, ['--data', dir, '--port', '0', ...more], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  children.push(child);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ready = await new Promise<{ url: string }>((resolve) =>
    child.once('message', (m) => resolve(m as { url: string })),
  );
  return { child, exited, rpc: { url: ready.url, auth: readCookie(dir) } };
}

it('survives kill -9 while it mines: the same chain goes on, its coins are those of a rebuild', async () => {
  const seen = new Map<number, string>();
  for (let round = 0; round < 8; round++) {
    const { child, exited, rpc } = await start('--block-interval', '1');
    const own = await callNode(rpc, 'getnewaddress');
    for (let i = 0; i < 3; i++) await callNode(rpc, 'sendtoaddress', [own, 0.01]);
    for (const [height, hash] of seen) expect(await callNode(rpc, 'getblockhash', [height])).toBe(hash);
    const height = Number(await callNode(rpc, 'getblockcount'));
    seen.set(height, String(await callNode(rpc, 'getblockhash', [height])));
    await sleep(Math.random() * 120);
    child.kill('SIGKILL');
    await exited;
  }
  const node = await RegtestNode.open({ dataDir: dir });
  const fresh = await startRegtest({ firstBlocks: 0 });
  for (let height = 1; height <= node.chain.tip.height; height++)
    await fresh.node.submitBlock(node.chain.rawBlock(node.chain.entryAt(height)!));
  expect(fresh.node.chain.tip.key).toBe(node.chain.tip.key);
  expect(await unspentOf(node)).toEqual(await unspentOf(fresh.node));
  await fresh.close();
  await node.close();
});

it('keeps a waiting payment over kill -9', async () => {
  const first = await start();
  const txid = await callNode(first.rpc, 'sendtoaddress', [await callNode(first.rpc, 'getnewaddress'), 1]);
  first.child.kill('SIGKILL');
  await first.exited;
  const second = await start();
  expect(await callNode(second.rpc, 'getrawmempool')).toEqual([txid]);
  await callNode(second.rpc, 'generatetoaddress', [1, await callNode(second.rpc, 'getnewaddress')]);
  expect(await callNode(second.rpc, 'getrawmempool')).toEqual([]);
});

it('ends with its IPC channel, on SIGTERM and by the method stop, each time with code 0', async () => {
  for (const end of ['disconnect', 'SIGTERM', 'stop'] as const) {
    const { child, exited, rpc } = await start('--rpcuser', 'name', '--rpcpassword', 'word');
    if (end === 'disconnect') child.disconnect();
    else if (end === 'SIGTERM') child.kill('SIGTERM');
    else await callNode({ ...rpc, auth: { user: 'name', password: 'word' } }, 'stop');
    expect(await exited).toBe(0);
    expect(existsSync(cookiePath(dir))).toBe(false);
  }
});

it('is launched like any foreign node, and says that its port is in use', async () => {
  const port = await freePort();
  const node = await launchRegtest({ dataDir: dir, port, p2pPort: 0, blockIntervalMs: 50 }, entry);
  expect(node.kind).toBe('regtest');
  const peer = new P2pSource({ chain: 'bitcoin-regtest', address: node.p2p ?? '' });
  await expect.poll(async () => (await peer.tip()).height).toBeGreaterThan(100);
  await peer.close();
  expect(await callNode(node, 'getblockchaininfo')).toMatchObject({ chain: 'regtest' });
  const other = mkdtempSync(join(tmpdir(), 'regtest-main-'));
  await expect(launchRegtest({ dataDir: other, port }, entry)).rejects.toThrow(`port ${port} is in use`);
  await expect(launchRegtest({ dataDir: dir, port: await freePort() }, entry)).rejects.toThrow(
    'in use by another process',
  );
  rmSync(other, { recursive: true });
  await node.stop();
  expect(await node.ended).toContain('exit code 0');
});

it("serves Bitcoin Core's REST without credentials, and Esplora's API, where asked for", async () => {
  const child = fork(entry, ['--data', dir, '--port', '0', '--rest', '--esplora-port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  children.push(child);
  const ready = await new Promise<{ url: string; esplora: string }>((resolve) =>
    child.once('message', (m) => resolve(m as { url: string; esplora: string })),
  );
  const chain = 'bitcoin-regtest';
  const sources = [
    new CoreRestSource({ chain, url: ready.url }),
    new EsploraSource({ chain, url: ready.esplora }),
  ];
  const tips = await Promise.all(sources.map((source) => source.tip()));
  expect(tips[0]).toEqual(tips[1]);
  for (const source of sources) await source.close();
  expect((await fetch(`${ready.url}/rest/nothing.json`)).status).toBe(404);
  expect((await fetch(`${ready.url}/rest/headers/2001/${'ab'.repeat(32)}.bin`)).status).toBe(400);
  expect((await fetch(`${ready.url}/rest/${'a'.repeat(500)}.json`)).status).toBe(414);
  expect((await fetch(ready.url)).status).toBe(401);
  expect((await fetch(`${ready.esplora}/block-height/9999999`)).status).toBe(404);
  expect((await fetch(`${ready.esplora}/blocks/tip/height`, { method: 'POST' })).status).toBe(405);
});
