import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MemoryStore } from '../../storage/memory.js';
import { RegtestNode } from './node.js';
import { cookiePath, writeCookie } from './rpc/cookie.js';
import { nodeMethods } from './rpc/methods.js';
import { type RpcServer, serveRpc } from './rpc/server.js';

let dir: string;
let node: RegtestNode;
let server: RpcServer;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'regtest-'));
  node = await RegtestNode.open({ dataDir: dir, store: new MemoryStore() });
  server = await serveRpc({
    port: 0,
    credentials: [{ user: 'u', password: 'p' }],
    methods: nodeMethods(node, () => undefined),
  });
});
afterEach(async () => {
  await server.close();
  await node.close();
  rmSync(dir, { recursive: true });
});

async function post(body: unknown, auth = 'u:p') {
  const r = await fetch(server.url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: `Basic ${btoa(auth)}` },
  });
  const text = await r.text();
  return { status: r.status, json: text === '' ? undefined : JSON.parse(text), text };
}
const call = async (method: string, ...params: unknown[]) => (await post({ id: 1, method, params })).json;

it('smoke', async () => {
  console.log(await call('getblockchaininfo'));
  const a = (await call('getnewaddress')).result;
  console.log(a, await call('getbalance'));
  const t = (await call('sendtoaddress', a, 1.5)).result;
  console.log(t, await call('getrawmempool'));
  const [b] = (await call('generatetoaddress', 1, a)).result;
  console.log((await post({ id: 1, method: 'getblock', params: [b, 2] })).text);
  console.log(await call('getrawtransaction', t, true), cookiePath('x'), typeof writeCookie);
  expect((await call('getblockhash', 0)).result).toBe(
    '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
  );
});
