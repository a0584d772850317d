import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ethereumKind } from '../../adapters/ethereum/kind.js';
import { EthereumRpcSource } from '../../adapters/ethereum/sources/jsonRpc.js';
import { Follower } from '../../indexers/follow/follower.js';
import { EmbeddedLog } from '../../indexers/log/embedded.js';
import { Replay } from '../../indexers/log/replay.js';
import { toHex } from '../../proofs/bytes.js';
import { LevelStore } from '../../storage/level.js';
import { startAnvil, type TestAnvil } from '../fixtures/ethereum/anvil.js';
import { LOCAL } from '../fixtures/ethereum/sourceNode.js';
import { startTamperer, type Tamperer } from '../fixtures/ethereum/tamperer.js';

const BLOCKS = 2500;
const PART = 250;
let anvil: TestAnvil;
let front: Tamperer;
const folder = mkdtempSync(join(tmpdir(), 'crossroot-backfill-'));
beforeAll(async () => {
  anvil = await startAnvil();
  // In parts: a busy machine may need longer for all at once than a call is waited for.
  for (let mined = 0; mined < BLOCKS; mined += PART)
    await anvil.call('anvil_mine', [`0x${PART.toString(16)}`]);
  front = await startTamperer(anvil.url);
});
afterAll(async () => {
  await front.close();
  await anvil.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a backfill that is stopped again and again goes on where it was, each header asked for about once', async () => {
  const asked = new Map<number, number>();
  let stop: (() => void) | undefined;
  front.tamper = (method, [number], result) => {
    if (method === 'eth_getBlockByNumber' && String(number).startsWith('0x')) {
      const height = Number(number);
      asked.set(height, (asked.get(height) ?? 0) + 1);
      if (asked.size % 700 === 699) stop?.();
    }
    return result;
  };
  let runs = 0;
  for (let height = 0; height < BLOCKS; runs++) {
    const store = await LevelStore.open(folder);
    const log = new EmbeddedLog(store);
    const source = new EthereumRpcSource({ chain: LOCAL, url: front.url });
    const [genesis] = await source.headers(0, 1);
    const follower = await Follower.open({
      chain: LOCAL,
      kind: ethereumKind,
      checkpoint: { height: 0, hash: genesis!.hash, work: 0n, periodStartTime: 0, periodStartBits: 0 },
      sources: [source],
      log,
      store,
      batch: 100,
    });
    const before = follower.status().height ?? 0;
    expect(before).toBe(height);
    let stopping: Promise<void> | undefined;
    stop = () => {
      stopping ??= follower.stop();
    };
    await follower.pollAll();
    await stopping;
    height = follower.status().height ?? 0;
    expect(height).toBeGreaterThan(before);
    await follower.stop();
    await source.close();
    const replay = new Replay();
    for (const event of await log.read(LOCAL, 1, 1e6)) replay.apply(event);
    const { hash } = (await anvil.call('eth_getBlockByNumber', [`0x${height.toString(16)}`, false])) as {
      hash: string;
    };
    expect(toHex(replay.tip!.hash)).toBe(hash);
    expect(replay.tip!.height).toBe(height);
    await store.close();
  }
  expect(runs).toBeGreaterThanOrEqual(3);
  const total = [...asked.values()].reduce((sum, count) => sum + count, 0);
  // What was being read when it was stopped is read again: at most four ranges a time.
  expect(total).toBeLessThan(BLOCKS + runs * 4 * 100 + 100);
  for (let height = 1; height <= BLOCKS; height++) expect(asked.has(height), `height ${height}`).toBe(true);
});
