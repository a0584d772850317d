import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../storage/memory.js';
import { fakeCheckpoint, fakeKind } from '../../test/support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { Follower } from '../follow/follower.js';
import { EmbeddedLog } from '../log/embedded.js';
import type { ChainEvent } from '../log/event.js';
import { IndexUnavailableError } from '../store/errors.js';
import { headerValues } from '../store/rows.js';
import { DATABASE, SCHEMA } from '../store/schema.js';
import { UnavailableIndexStore } from '../store/unavailable.js';
import { IndexService } from './indexService.js';

const CHAIN = 'fake-work';
const chains = [{ name: CHAIN, kind: fakeKind }];
const root = mkdtempSync(join(tmpdir(), 'crossroot-service-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const installed = await import('chdb/connection').then(
  () => true,
  () => false,
);

async function followed() {
  const world = new FakeChain();
  world.mine(30);
  const store = new MemoryStore();
  const log = new EmbeddedLog(store);
  const sources = [new FakeSource('a', world)];
  const options = { chain: CHAIN, kind: fakeKind, checkpoint: fakeCheckpoint, sources, log, store };
  const follower = await Follower.open(options);
  await follower.pollAll();
  return { world, log, follower };
}

test('without an index, everything else goes on', async () => {
  const { log } = await followed();
  const errors: unknown[] = [];
  const missing = new IndexUnavailableError('no such package');
  const service = new IndexService({
    folder: root,
    log,
    chains,
    open: async () => new UnavailableIndexStore(missing),
    onError: (error) => errors.push(error),
  });
  await expect(service.page(CHAIN, 0, 5)).rejects.toThrow('still being opened');
  service.start();
  await service.opened();
  expect(service.available).toBe(false);
  await expect(service.page(CHAIN, 0, 5)).rejects.toBe(missing);
  await expect(service.rebuild()).rejects.toBe(missing);
  await service.stop();
  expect(errors).toEqual([]);
});

describe.skipIf(!installed)('with chDB', () => {
  test('a process killed while writing leaves an index that the log completes', async () => {
    const { world, log, follower } = await followed();
    const folder = join(root, 'index');
    const events = await log.read(CHAIN, 1, 100);
    await killWhileWriting(folder, events);
    // The cursor says more than survived: as after a power loss.
    await log.cursor('index', CHAIN).commit(31);
    const service = new IndexService({ folder, log, chains });
    service.start();
    await service.opened();
    expect(service.available).toBe(true);
    world.fork(4, 9);
    await follower.pollAll();
    const heights = async () => (await service.store.latest(CHAIN, 1))[0]?.height;
    await expect.poll(heights, { timeout: 10_000 }).toBe(world.tip.height);
    const page = await service.page(CHAIN, 0, 1000);
    expect(page.map((header) => header.hash)).toEqual(world.best.map((header) => header.hash));
    await service.rebuild();
    expect(await service.page(CHAIN, 0, 1000)).toEqual(page);
    expect(service.status()).toMatchObject([{ chain: CHAIN, failures: 0 }]);
    await service.stop();
    await expect(service.page(CHAIN, 0, 1)).rejects.toThrow('closed');
  });
});

/** A process of its own inserts events one by one, over and over, and is killed in the middle. */
async function killWhileWriting(folder: string, events: readonly ChainEvent[]): Promise<void> {
  const rows = events.slice(0, 20).map(headerValues);
  // Plain JavaScript on the same libraries: the child needs no build.
  const script = `
    import { mkdirSync } from 'node:fs';
    import { createClient } from '@clickhouse/client';
    import { createChdbConnection } from 'chdb/connection';
    const path = ${JSON.stringify(folder)};
    mkdirSync(path, { recursive: true });
    const client = createClient({ connection: createChdbConnection({ path }) });
    for (const query of ${JSON.stringify(SCHEMA)}) await client.command({ query });
    const rows = ${JSON.stringify(rows)};
    for (let n = 0; ; n++) {
      const row = rows[n % rows.length];
      await client.insert({ table: '${DATABASE}.headers', values: [row], format: 'JSONEachRow', columns: Object.keys(row) });
      if (n === rows.length) console.log('going');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
