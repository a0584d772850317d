import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { CoreRestSource } from '../../adapters/bitcoin/sources/coreRest.js';
import { CoreRpcSource } from '../../adapters/bitcoin/sources/coreRpc.js';
import { fromHex, reversed, toBareHex } from '../../proofs/bytes.js';
import { Litecoind } from '../support/litecoind.js';
import { freePorts } from '../support/ports.js';
import { findProgram } from '../support/programs.js';

const chain = 'bitcoin-regtest';
const binary = findProgram('litecoind');
if (binary === undefined) console.warn('litecoind is not on PATH: skipped');

/** Litecoin, not Bitcoin: the interfaces are Bitcoin Core's, the blocks and their proof of work are not. */
describe.skipIf(binary === undefined)('the RPC and REST of Bitcoin Core, in litecoind', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossroot-litecoind-'));
  let node: Litecoind;
  let sources: (CoreRpcSource | CoreRestSource)[];
  let txid: string;

  beforeAll(async () => {
    node = await Litecoind.start(binary ?? '', dataDir, await freePorts(2));
    await node.call('createwallet', 'w');
    const address = await node.call('getnewaddress');
    // More than two pages of headers.
    for (let i = 0; i < 41; i++) await node.call('generatetoaddress', 100, address);
    txid = String(await node.call('sendtoaddress', address, 1));
    await node.call('generatetoaddress', 5, address);
    sources = [new CoreRpcSource({ chain, ...node.rpc }), new CoreRestSource({ chain, url: node.rpc.url })];
    // Thousands of blocks take a busy machine minutes.
  }, 600_000);
  afterAll(async () => {
    for (const source of sources ?? []) await source.close();
    await node?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('is refused as Bitcoin, by its name', async () => {
    for (const source of sources)
      await expect(source.check()).rejects.toThrow(/is not on bitcoin-regtest.*that is litecoin-regtest/);
  });

  it('gives its tip and all its headers, linked, in batches and pages', async () => {
    const best = await node.call('getbestblockhash');
    for (const source of sources) {
      const tip = await source.tip();
      expect([tip.height, displayHash(tip.hash)]).toEqual([4105, best]);
      const headers = await source.headers(0, 10_000);
      expect(headers).toHaveLength(4106);
      expect(displayHash(headers[4105]!.hash)).toBe(best);
      expect(await source.headers(2000, 2001)).toEqual(headers.slice(2000, 4001));
    }
  });

  it('gives a block byte for byte, and finds a transaction', async () => {
    const at = String(await node.call('getblockhash', 4101));
    for (const source of sources) {
      const block = await source.block(reversed(fromHex(at)));
      expect(toBareHex(block.rawBlock!)).toBe(await node.call('getblock', at, 0));
      expect(block.header.height).toBe(4101);
      const found = await source.findTransaction(reversed(fromHex(txid)));
      expect([found?.height, found && displayHash(found.hash)]).toEqual([4101, at]);
      expect(await source.findTransaction(new Uint8Array(32).fill(3))).toBeUndefined();
      await expect(source.block(new Uint8Array(32).fill(3))).rejects.toMatchObject({ retryable: true });
    }
  });

  it('follows invalidateblock', async () => {
    const at = await node.call('getblockhash', 4104);
    await node.call('invalidateblock', at);
    await node.call('generatetoaddress', 3, await node.call('getnewaddress'));
    for (const source of sources) {
      const headers = await source.headers(4100, 50);
      expect(displayHash(headers.at(-1)!.hash)).toBe(await node.call('getbestblockhash'));
      expect(headers).toHaveLength(7);
    }
  });

  it('refuses a wrong password', async () => {
    const wrong = new CoreRpcSource({ chain, url: node.rpc.url, auth: { user: 'u', password: 'q' } });
    await expect(wrong.tip()).rejects.toThrow(/credentials/);
    await wrong.close();
  });
});
