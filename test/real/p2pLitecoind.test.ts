import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BloomFilter } from '../../adapters/bitcoin/p2p/bloom.js';
import { connectPeer, type Peer } from '../../adapters/bitcoin/p2p/handshake.js';
import { InventoryType } from '../../adapters/bitcoin/p2p/inventory.js';
import type { Message } from '../../adapters/bitcoin/p2p/messages.js';
import { PEER_TIMES } from '../../adapters/bitcoin/p2p/times.js';
import { Services } from '../../adapters/bitcoin/p2p/version.js';
import { MORE } from '../../adapters/bitcoin/p2p/waiters.js';
import { readPartialTree } from '../../adapters/bitcoin/proofs/partialMerkleTree.js';
import { P2pSource } from '../../adapters/bitcoin/sources/p2p.js';
import { callNode } from '../../devnet/rpcClient.js';
import { fromHex, reversed, toBareHex, ZERO32 } from '../../proofs/bytes.js';
import { freePorts } from '../support/ports.js';
import { findProgram } from '../support/programs.js';

const CHAIN = 'bitcoin-regtest';
/** Far above what it takes on an idle machine. */
const ANSWER_MS = 60_000;
const binary = findProgram('litecoind');
if (binary === undefined) console.warn('litecoind is not on PATH: skipped');

/** Litecoin: Bitcoin Core's P2P code with the same regtest magic, other blocks and another proof of work. */
describe.skipIf(binary === undefined)('the P2P code of Bitcoin Core, in litecoind', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossroot-litecoind-'));
  let child: ChildProcess;
  let p2pPort: number;
  let peer: Peer;
  let address: string;
  const heard: Message[] = [];
  let call: (method: string, ...params: unknown[]) => Promise<unknown>;

  beforeAll(async () => {
    const first = await freePorts(2);
    p2pPort = first;
    child = spawn(
      binary ?? '',
      [
        ...[
          '-regtest',
          `-datadir=${dataDir}`,
          '-server=1',
          '-rpcuser=u',
          '-rpcpassword=p',
          '-printtoconsole=0',
        ],
        ...[`-bind=127.0.0.1:${p2pPort}`, `-rpcport=${first + 1}`, '-peerbloomfilters=1', '-listenonion=0'],
        '-vbparams=mweb:4000000000:4100000000',
      ],
      { stdio: 'ignore' },
    );
    const endpoint = { url: `http://127.0.0.1:${first + 1}`, auth: { user: 'u', password: 'p' } };
    call = (method, ...params) => callNode(endpoint, method, params);
    for (let tries = 0; ; tries++) {
      try {
        await call('getblockcount');
        break;
      } catch (error) {
        if (tries > 300) throw error;
        await sleep(100);
      }
    }
    await call('createwallet', 'w');
    address = String(await call('getnewaddress'));
    await call('generatetoaddress', 120, address);
    // What it tells its peers of its height comes behind its blocks, in a thread of its own.
    await call('syncwithvalidationinterfacequeue');
    peer = await connectPeer({
      name: 'litecoind',
      chain: CHAIN,
      times: { ...PEER_TIMES, pingMs: 200 },
      address: { host: '127.0.0.1', port: p2pPort },
    });
    peer.connection.onMessage = (message) => heard.push(message);
  });
  afterAll(async () => {
    peer?.connection.end(new Error('the test is over'));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  });

  const hashAt = async (height: number) =>
    reversed(fromHex(String(await call('getblockhash', height)), 'block hash', 32));
  const askHeaders = (locator: Uint8Array[], stop = ZERO32) =>
    peer.connection.ask(
      'headers',
      { command: 'getheaders', version: 70016, locator, stop },
      ['headers'],
      ANSWER_MS,
      (message) => (message.command === 'headers' ? message.headers.map(toBareHex) : undefined),
    );
  const askBlock = (hash: Uint8Array) =>
    peer.connection.ask(
      'block',
      { command: 'getdata', entries: [{ type: InventoryType.witnessBlock, hash }] },
      ['block', 'notfound'],
      ANSWER_MS,
      (message) => (message.command === 'block' ? toBareHex(message.raw) : undefined),
    );
  const rawHeader = async (height: number) =>
    String(await call('getblockheader', await call('getblockhash', height), false));

  it('shakes hands and answers pings', async () => {
    expect(peer.version).toMatchObject({ startHeight: 120, version: 70016 });
    expect(peer.version.userAgent).toMatch(/LitecoinCore/);
    expect(peer.version.services & (Services.network | Services.witness | Services.bloom)).toBe(
      Services.network | Services.witness | Services.bloom,
    );
    await expect.poll(() => peer.connection.latencyMs, { interval: 20 }).toBeGreaterThan(0);
  });

  it('answers questions for headers: by locator, to a stop, by hash, from its genesis where it knows none', async () => {
    const after = await askHeaders([await hashAt(100)]);
    expect(after).toHaveLength(20);
    expect(after?.[0]).toBe(await rawHeader(101));
    expect(await askHeaders([await hashAt(100)], await hashAt(103))).toHaveLength(3);
    expect(await askHeaders([], await hashAt(50))).toEqual([await rawHeader(50)]);
    expect(await askHeaders([ZERO32])).toHaveLength(120);
    expect(await askHeaders([await hashAt(120)])).toEqual([]);
  });

  it('gives a block byte for byte, and nothing but a pong for one that it does not have', async () => {
    expect(await askBlock(await hashAt(77))).toBe(await call('getblock', await call('getblockhash', 77), 0));
    expect(await askBlock(ZERO32)).toBeUndefined();
    expect(peer.connection.open).toBe(true);
  });

  it('announces new blocks by headers', async () => {
    await askHeaders([await hashAt(120)]);
    heard.length = 0;
    await call('generatetoaddress', 1, address);
    const headers = () => heard.find((message) => message.command === 'headers');
    await expect.poll(headers, { interval: 20 }).toBeDefined();
    const told = headers();
    expect(told?.command === 'headers' && told.headers.map(toBareHex)).toEqual([await rawHeader(121)]);
  });

  it('filters blocks by our Bloom filter, and sends a tree that we check', async () => {
    const txid = String(await call('sendtoaddress', address, 1));
    await call('generatetoaddress', 1, address);
    const wanted = reversed(fromHex(txid));
    const filter = BloomFilter.sized(1, 1e-6, 12345);
    filter.insert(wanted);
    peer.connection.send(filter.message());
    const trees: ReturnType<typeof readPartialTree>[] = [];
    const entries = [await hashAt(122), await hashAt(121)].map((hash) => ({
      type: InventoryType.filteredBlock,
      hash,
    }));
    await peer.connection.ask(
      'merkleblock',
      { command: 'getdata', entries },
      ['merkleblock'],
      ANSWER_MS,
      (message) => {
        if (message.command !== 'merkleblock') return undefined;
        trees.push(readPartialTree(message.block));
        return trees.length === 2 ? true : MORE;
      },
    );
    expect(trees.map(({ matches }) => matches)).toEqual([[{ index: 1, txid: wanted }], []]);
    peer.connection.send(BloomFilter.nothing().message());
  });

  // Its hashes of work are scrypt's: by chance every second header is below the regtest target by SHA-256 as well.
  it('is not taken for a Bitcoin network', async () => {
    const source = new P2pSource({ chain: CHAIN, address: `127.0.0.1:${p2pPort}` });
    await expect(source.check()).rejects.toThrow(
      /sends headers that build on none of ours|sends a header without proof of work/,
    );
    await source.close();
  });
});
