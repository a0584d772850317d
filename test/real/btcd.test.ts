import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { CoreRpcSource } from '../../adapters/bitcoin/sources/coreRpc.js';
import { toBareHex } from '../../proofs/bytes.js';
import { Btcd, findBtcd } from '../support/btcd.js';
import { freePorts } from '../support/ports.js';

const chain = 'bitcoin-regtest';
const binary = findBtcd();
if (binary === undefined) console.warn('btcd is not on PATH, in $GOPATH/bin or in ~/go/bin: skipped');

describe.skipIf(binary === undefined)('an RPC source over btcd', () => {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'crossroot-btcd-')));
  let nodes: Btcd[] = [];
  let source: CoreRpcSource;

  beforeAll(async () => {
    const port = await freePorts(4);
    nodes = folders.map(
      (dataDir, i) =>
        new Btcd({ binary: binary ?? '', dataDir, p2pPort: port + 2 * i, rpcPort: port + 2 * i + 1 }),
    );
    for (const node of nodes) await node.start();
    await nodes[0]!.call('generate', 1200);
    source = new CoreRpcSource({ chain, url: nodes[0]!.rpc.url, auth: { user: 'u', password: 'p' } });
  });
  afterAll(async () => {
    await source?.close();
    for (const node of nodes) await node.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  const call = (method: string, ...params: unknown[]) => nodes[0]!.call(method, ...params);

  it('reads tip and headers in batches', async () => {
    await source.check();
    const best = await call('getbestblockhash');
    const tip = await source.tip();
    expect([tip.height, displayHash(tip.hash)]).toEqual([1200, best]);
    const headers = await source.headers(0, 5000);
    expect(headers).toHaveLength(1201);
    expect(displayHash(headers[1200]!.hash)).toBe(best);
    expect(await source.headers(1201, 5)).toEqual([]);
  });

  it('reads a block and finds its transaction', async () => {
    const [header] = await source.headers(700, 1);
    const block = await source.block(header!.hash);
    expect(block.header).toEqual(header);
    expect(toBareHex(block.rawBlock!)).toBe(await call('getblock', displayHash(header!.hash), 0));
    expect(await source.findTransaction(block.transactionHashes[0]!)).toEqual({
      height: 700,
      hash: header!.hash,
    });
    expect(await source.findTransaction(new Uint8Array(32).fill(3))).toBeUndefined();
    await expect(source.block(new Uint8Array(32).fill(3))).rejects.toMatchObject({ retryable: true });
  });

  it('follows a longer branch of another node', async () => {
    const [, rival] = nodes as [Btcd, Btcd];
    for (let at = 1; at <= 1195; at++)
      await rival.call('submitblock', await call('getblock', await call('getblockhash', at), 0));
    await rival.call('generate', 7);
    for (let at = 1196; at <= 1202; at++)
      await call('submitblock', await rival.call('getblock', await rival.call('getblockhash', at), 0));
    const headers = await source.headers(1190, 100);
    expect(headers).toHaveLength(13);
    expect(displayHash(headers.at(-1)!.hash)).toBe(await rival.call('getbestblockhash'));
  });

  it('refuses a wrong password and another network', async () => {
    const { url } = nodes[0]!.rpc;
    const wrong = new CoreRpcSource({ chain, url, auth: { user: 'u', password: 'q' } });
    await expect(wrong.tip()).rejects.toThrow(/credentials/);
    const other = new CoreRpcSource({ chain: 'bitcoin-mainnet', url, auth: { user: 'u', password: 'p' } });
    await expect(other.check()).rejects.toThrow(/is not on bitcoin-mainnet.*that is bitcoin-regtest/);
    await wrong.close();
    await other.close();
  });
});
