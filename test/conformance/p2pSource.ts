import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { P2pSource } from '../../adapters/bitcoin/sources/p2p.js';
import { SourceUnavailableError } from '../../adapters/errors.js';
import { Follower } from '../../indexers/follow/follower.js';
import { EmbeddedLog } from '../../indexers/log/embedded.js';
import { Replay } from '../../indexers/log/replay.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { MemoryStore } from '../../storage/memory.js';

/** A regtest node that speaks P2P, whichever program it is. */
export interface P2pTestNode {
  readonly p2p: string;
  /** JSON-RPC as Bitcoin Core has it. */
  call(method: string, ...params: unknown[]): Promise<unknown>;
  mine(count: number): Promise<void>;
  /** Replaces the last `depth` blocks by one more. */
  reorganise(depth: number): Promise<void>;
  /** Ends it at once and starts it again; it may have lost its last block. */
  killAndRestart(): Promise<void>;
  /** Comes back with another chain, a block longer. Left out where that cannot be had. */
  loseEverything?(): Promise<void>;
  close(): Promise<void>;
}

const CHAIN = 'bitcoin-regtest';
/** Far above what it takes on an idle machine. */
const FOLLOWED_MS = 90_000;
const checkpoint = {
  height: 0,
  hash: bitcoinNetwork(CHAIN).genesisHash,
  work: 2n,
  periodStartTime: 1296688602,
  periodStartBits: 0x207fffff,
};

/** What a source over P2P has to do with any node. */
export function p2pSourceSuite(program: string, start: (folder: string) => Promise<P2pTestNode>): void {
  describe(`a P2P source over ${program}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'crossroot-p2p-'));
    const store = new MemoryStore();
    const log = new EmbeddedLog(store);
    let node: P2pTestNode;
    let source: P2pSource;
    let follower: Follower;

    beforeAll(async () => {
      node = await start(folder);
      await node.mine(130);
      source = open();
      follower = await Follower.open({
        chain: CHAIN,
        kind: bitcoinKind,
        checkpoint,
        sources: [source],
        log,
        store,
        pollMs: 50,
        maxBackoffMs: 200,
      });
      follower.start();
    });
    afterAll(async () => {
      await follower?.stop();
      await source?.close();
      await node?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    function open(options: Partial<ConstructorParameters<typeof P2pSource>[0]> = {}): P2pSource {
      return new P2pSource({ chain: CHAIN, address: node.p2p, maxBackoffMs: 200, ...options });
    }

    const bestHash = async () => String(await node.call('getbestblockhash'));

    /** Until the follower is where the node is; then its events must replay to the node's chain. */
    async function followed(): Promise<number> {
      const best = await bestHash();
      const end = Date.now() + FOLLOWED_MS;
      while (shown(follower.book.tip()?.hash) !== best && Date.now() < end) await sleep(25);
      expect(shown(follower.book.tip()?.hash), follower.status().sources[0]?.lastError).toBe(best);
      const replay = new Replay();
      for (let next = 1; ; ) {
        const events = await log.read(CHAIN, next, 1000);
        for (const event of events) replay.apply(event);
        if (events.length === 0) break;
        next += events.length;
      }
      expect(shown(replay.tip?.hash)).toBe(best);
      expect(await node.call('getblockcount')).toBe(replay.tip?.height);
      return replay.tip?.height ?? 0;
    }

    it('follows its chain, without a poll of the node where it announces', async () => {
      expect(await followed()).toBe(130);
      for (let i = 0; i < 5; i++) {
        await node.mine(1);
        expect(await followed()).toBe(131 + i);
      }
    });

    it('gives the same headers as its RPC, from memory and asked again', async () => {
      const small = open({ cachedHeaders: 1 });
      for (const one of [source, small]) {
        const headers = await one.headers(0, 1000);
        expect(headers.length).toBe(136);
        for (const height of [0, 1, 77, 135])
          expect(shown(headers[height]!.hash)).toBe(await node.call('getblockhash', height));
        expect((await one.headers(60, 5)).map(({ height }) => height)).toEqual([60, 61, 62, 63, 64]);
        expect(await one.headers(135, 10)).toHaveLength(1);
        expect(await one.headers(136, 10)).toEqual([]);
      }
      await small.close();
    });

    it('gives blocks that prove their transactions', async () => {
      const [header] = await source.headers(100, 1);
      const block = await source.block(header!.hash);
      expect(block.header).toEqual(header);
      const raw = block.rawBlock!;
      expect(Buffer.from(raw).toString('hex')).toBe(await node.call('getblock', shown(header!.hash), 0));
      expect(new BlockProver(raw).prove([block.transactionHashes[0]!]).length).toBeGreaterThan(80);
    });

    it('finds a transaction of the newest blocks by Bloom filter, and no other', async () => {
      const [header] = await source.headers(120, 1);
      const txid = (await source.block(header!.hash)).transactionHashes[0]!;
      expect(await source.findTransaction(txid)).toEqual({ height: 120, hash: header!.hash });
      expect(await source.findTransaction(new Uint8Array(32).fill(7))).toBeUndefined();
      const shallow = open({ searchDepth: 5 });
      expect(await shallow.findTransaction(txid)).toBeUndefined();
      await shallow.close();
    });

    it('begins at a checkpoint whose header it asks for', async () => {
      const [header] = await source.headers(50, 1);
      const late = open({ checkpoint: { height: 50, hash: header!.hash } });
      const headers = await late.headers(50, 500);
      expect(headers[0]).toEqual(header);
      expect(headers.at(-1)!.height).toBe((await source.tip()).height);
      await expect(late.headers(49, 1)).rejects.toBeInstanceOf(SourceUnavailableError);
      await late.close();
      const elsewhere = open({ checkpoint: { height: 50, hash: new Uint8Array(32).fill(1) } });
      await expect(elsewhere.check()).rejects.toThrow('does not have our checkpoint, block 50');
      await elsewhere.close();
      const ahead = open({ checkpoint: { height: 5000, hash: new Uint8Array(32).fill(1) } });
      await expect(ahead.check()).rejects.toThrow('has not got to block 5000');
      await ahead.close();
    });

    it('does not have what nobody has', async () => {
      await expect(source.block(new Uint8Array(32).fill(9))).rejects.toThrow('does not know block');
    });

    it('follows reorganisations, short and longer than what is announced at once', async () => {
      for (const depth of [1, 3, 12]) {
        const before = await bestHash();
        await node.reorganise(depth);
        await followed();
        expect(await bestHash()).not.toBe(before);
        expect(shown((await source.tip()).hash)).toBe(await bestHash());
      }
      // A block that has left the chain can still be read.
      const disconnected = (await log.read(CHAIN, 1, 10_000)).find(({ type }) => type === 'disconnect');
      expect(disconnected).toBeDefined();
    });

    it('goes on after the node was killed', async () => {
      await node.killAndRestart();
      await node.mine(2);
      await followed();
    });

    it('goes on after the node came back with another chain from its genesis on', async () => {
      if (node.loseEverything === undefined) return;
      await node.loseEverything();
      await followed();
    });

    it('is closed for good', async () => {
      const other = open();
      await other.check();
      expect(other.peer?.userAgent).toMatch(/^\//);
      await other.close();
      await expect(other.tip()).rejects.toThrow('is closed');
    });
  });
}

function shown(hash: Uint8Array | undefined): string {
  return hash === undefined || bytesEqual(hash, new Uint8Array(32)) ? '' : bitcoinKind.displayHash(hash);
}
