import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { CoreRpcSource } from '../../adapters/bitcoin/sources/coreRpc.js';
import { P2pSource } from '../../adapters/bitcoin/sources/p2p.js';
import type { Source } from '../../adapters/source.js';
import { freePort } from '../../devnet/child.js';
import type { ForeignNode } from '../../devnet/foreignNode.js';
import { launchRegtest } from '../../devnet/regtest.js';
import { callNode } from '../../devnet/rpcClient.js';
import { Follower } from '../../indexers/follow/follower.js';
import { EmbeddedLog } from '../../indexers/log/embedded.js';
import { Replay } from '../../indexers/log/replay.js';
import { LevelStore } from '../../storage/level.js';
import { Random } from '../fuzz/harness.js';
import { compileEntry } from '../support/compile.js';
import { type LyingNode, startLyingNode } from './lyingNode.js';

/** A node reorganises at random while three sources are read, of which one lies. `SEED=n` chooses the same numbers again. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 20);
const SEED = Number(process.env.SEED ?? Math.floor(Date.now() / 1000));
/** Far above what it takes on an idle machine, also while a source lies. */
const CAUGHT_UP_MS = 120_000;
const CHAIN = 'bitcoin-regtest';
const network = bitcoinNetwork(CHAIN);
const checkpoint = {
  height: 0,
  hash: network.genesisHash,
  work: 2n,
  periodStartTime: 1296688602,
  periodStartBits: 0x207fffff,
};
const random = new Random(SEED);
let folder: string;
let entry: string;
let port: number;
let p2pPort: number;
let node: ForeignNode;
let liar: LyingNode;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crossroot-soak-'));
  entry = await compileEntry('devnet/bitcoin/main.ts');
  port = await freePort();
  p2pPort = await freePort();
  node = await start();
  liar = await startLyingNode(endpoint(), random);
});
afterAll(async () => {
  await liar?.close();
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function start(): Promise<ForeignNode> {
  return launchRegtest({ dataDir: join(folder, 'node'), port, p2pPort }, entry);
}

const endpoint = () => ({ url: node.url, auth: node.auth });
const call = (method: string, ...params: unknown[]) => callNode(endpoint(), method, params);

function openSources(): Source[] {
  const { url, auth } = endpoint();
  const limits = { timeoutMs: 2000 };
  return [
    new CoreRpcSource({ chain: CHAIN, url: liar.url, ...limits }),
    new P2pSource({ chain: CHAIN, address: `127.0.0.1:${p2pPort}`, name: 'peer', maxBackoffMs: 1000 }),
    new CoreRpcSource({
      chain: CHAIN,
      url,

      ...(auth === undefined ? {} : { auth }),
      ...limits,
    }),
  ];
}

interface Following {
  readonly follower: Follower;
  readonly log: EmbeddedLog;
  close(): Promise<void>;
}

async function follow(): Promise<Following> {
  const store = await LevelStore.open(join(folder, 'log'));
  const log = new EmbeddedLog(store);
  const sources = openSources();
  const follower = await Follower.open({
    chain: CHAIN,
    kind: bitcoinKind,
    checkpoint,
    sources,
    log,
    store,
    pollMs: 50,
    timeoutMs: 5000,
    maxBackoffMs: 1000,
  });
  follower.start();
  return {
    follower,
    log,
    close: async () => {
      await follower.stop();
      for (const source of sources) await source.close();
      await store.close();
    },
  };
}

/** The events so far, numbered without gaps, undone and applied in order, are the node's chain. */
async function checkEvents({ log }: Following): Promise<{ events: number; disconnects: number }> {
  const replay = new Replay();
  let next = 1;
  let disconnects = 0;
  for (;;) {
    const events = await log.read(CHAIN, next, 1000);
    if (events.length === 0) break;
    for (const event of events) {
      expect(event.number).toBe(next++);
      if (event.type === 'disconnect') disconnects++;
      replay.apply(event);
    }
  }
  const tip = Number(await call('getblockcount'));
  expect(replay.tip?.height).toBe(tip);
  for (let height = 0; height <= tip; height++)
    expect(bitcoinKind.displayHash(replay.hashAt(height) ?? new Uint8Array(32)), `height ${height}`).toBe(
      await call('getblockhash', height),
    );
  return { events: next - 1, disconnects };
}

async function caughtUp({ follower }: Following): Promise<void> {
  const best = String(await call('getbestblockhash'));
  for (const end = Date.now() + CAUGHT_UP_MS; ; await sleep(50)) {
    const { hash, ended } = follower.status();
    if (ended !== undefined) throw ended;
    if (hash !== undefined && bitcoinKind.displayHash(hash) === best) return;
    if (Date.now() > end)
      throw new Error(`not at ${best} in time: ${JSON.stringify(follower.status().sources)}`);
  }
}

test(
  `${SECONDS} s of reorganisations, restarts and lies, seed ${SEED}`,
  async () => {
    const address = await call('getnewaddress');
    await call('generatetoaddress', 30, address);
    let following = await follow();
    const counts = { mined: 0, reorganised: 0, deepest: 0, nodeKills: 0, restarts: 0, checks: 0 };
    for (const end = Date.now() + 1000 * SECONDS; Date.now() < end; ) {
      const tip = Number(await call('getblockcount'));
      switch (random.below(12)) {
        case 0:
        case 1:
        case 2: {
          const depth = 1 + random.below(Math.min(tip - 1, random.below(10) === 0 ? 60 : 6));
          await call('invalidateblock', await call('getblockhash', tip - depth + 1));
          await call('generatetoaddress', depth + 1 + random.below(3), await call('getnewaddress'));
          counts.reorganised++;
          counts.deepest = Math.max(counts.deepest, depth);
          break;
        }
        case 3:
          if (random.below(4) === 0) {
            process.kill(node.pid, 'SIGKILL');
            await node.ended;
            node = await start();
            counts.nodeKills++;
          }
          break;
        case 4:
          if (random.below(3) === 0) {
            await following.close();
            following = await follow();
            counts.restarts++;
          }
          break;
        case 5:
          await caughtUp(following);
          await checkEvents(following);
          counts.checks++;
          break;
        default:
          await call('generatetoaddress', 1 + random.below(3), address);
          counts.mined++;
      }
      await sleep(random.below(200));
    }
    await caughtUp(following);
    const total = await checkEvents(following);
    const evidence = await following.follower.evidence.list(CHAIN, 1000);
    const { sources } = following.follower.status();
    await following.close();
    console.log(
      JSON.stringify({
        ...counts,
        ...total,
        told: Object.fromEntries(liar.told),
        evidence: evidence.length,
        blamed: [...new Set(evidence.map((one) => one.source))],
        sources: sources.map(({ name, errors, faults }) => ({ name, errors, faults })),
      }),
    );
    expect(counts.reorganised).toBeGreaterThan(0);
    // Only the liar is ever blamed for something untrue.
    expect(evidence.filter((one) => !one.source.includes(new URL(liar.url).host))).toEqual([]);
  },
  (SECONDS + 300) * 1000,
);
