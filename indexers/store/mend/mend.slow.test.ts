import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { IndexedWorld, indexedKind } from '../../../test/support/indexers/indexedWorld.js';
import { LiveIndex } from '../../sinks/liveIndex.js';
import { ChdbClient } from '../sql/chdbClient.js';
import { SqlIndexStore } from '../sqlStore.js';

const any = z.record(z.string(), z.unknown());
const WAIT = { timeout: 60_000, interval: 20 };
const CHAIN = 'mended';

describe.skipIf(!hasChdb)('rows that are lost, in the work of a process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-mend-'));
  let client: ChdbClient;
  let prefixes = 0;

  beforeAll(async () => {
    client = await ChdbClient.open(join(folder, 'index'));
  }, 60_000);
  afterAll(async () => {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Everything that is there, without when it was written. */
  const rows = async (prefix: string) => {
    const found: Record<string, unknown> = {};
    for (const table of [
      'header_events',
      'header_hashes',
      'undone',
      'blocks',
      'main_blocks',
      'commitments',
      'certificates',
    ])
      found[table] = await client.query(
        'rows',
        `SELECT count() AS rows, sum(cityHash64(*)) AS digest FROM ${prefix}_1.${table} FINAL`,
        any,
      );
    return found;
  };
  const run = async (
    world: IndexedWorld,
    prefix: string,
    mend: boolean,
    until: (live: LiveIndex) => Promise<void>,
  ) => {
    const store = await SqlIndexStore.open(client, { prefix, machineStart: async () => 0 });
    const errors: string[] = [];
    const writerOf = store.sets.writer.bind(store.sets);
    const nothing = async () => ({ events: 0, blocks: 0, records: 0 });
    if (!mend)
      store.sets.writer = async () =>
        new Proxy(await writerOf(), {
          get(target, key) {
            const value: unknown = Reflect.get(target, key, target);
            if (key === 'mend' || key === 'mendRecords') return nothing;
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
    const live = new LiveIndex({
      ...{ log: world.log, streams: world.log, index: store, blocks: world, gatherMs: 1, retryMs: 10 },
      chains: [{ name: world.chain, kind: indexedKind, book: () => world.book }],
      main: { chainOf: () => 'a' },
      onError: (error) => errors.push(error instanceof Error ? error.name : String(error)),
    });
    live.beginChain(world.chain);
    live.beginStreams();
    await until(live);
    await live.stop();
    return { live, errors };
  };
  const done = async (live: LiveIndex, world: IndexedWorld, prefix: string) => {
    await expect
      .poll(async () => {
        const { headers, contents, streams } = live.status();
        const [main] = await client.query('m', `SELECT count() AS n FROM ${prefix}_1.main_blocks FINAL`, any);
        return [
          headers[0]?.done,
          contents[0]?.done,
          contents[0]?.backfill.left,
          streams[0]?.lag,
          Number(main?.n),
        ];
      }, WAIT)
      .toEqual([world.number, world.number, 0, 0, world.main.length]);
  };

  test('newest parts that are gone are noticed and made up for; without that they stay lost', async () => {
    const world = new IndexedWorld(CHAIN);
    await world.connect(40);
    await world.connect(3, await world.disconnect(3));
    await world.publish(4);
    const straight = `mend${++prefixes}`;
    await run(world, straight, true, (live) => done(live, world, straight));
    const whole = await rows(straight);
    for (const mend of [false, true]) {
      const prefix = `mend${++prefixes}`;
      await run(world, prefix, true, (live) => done(live, world, prefix));
      expect(await rows(prefix)).toEqual(whole);
      for (const table of ['header_events', 'header_hashes', 'blocks', 'main_blocks', 'commitments']) {
        // Or a merge could take the part away before it is dropped.
        await client.command('lose', `SYSTEM STOP MERGES ${prefix}_1.${table}`);
        const [part] = await client.query(
          'part',
          `SELECT name FROM system.parts WHERE active AND database = '${prefix}_1' AND table = '${table}'
             ORDER BY min_block_number DESC LIMIT 1`,
          any,
        );
        await client.command('lose', `ALTER TABLE ${prefix}_1.${table} DROP PART '${part?.name}'`);
        await client.command('lose', `SYSTEM START MERGES ${prefix}_1.${table}`);
      }
      expect(await rows(prefix)).not.toEqual(whole);
      const { live, errors } = await run(world, prefix, mend, async () => {
        if (mend) await expect.poll(() => rows(prefix), WAIT).toEqual(whole);
        else await new Promise((resolve) => setTimeout(resolve, 1500));
      });
      const { repaired } = live.status();
      if (mend) {
        expect(await rows(prefix)).toEqual(whole);
        expect(repaired.events).toBeGreaterThan(0);
        expect(repaired.records).toBeGreaterThan(0);
        expect(errors).toContain('LostRowsError');
      } else {
        expect(await rows(prefix)).not.toEqual(whole);
        expect(repaired).toEqual({ events: 0, blocks: 0, records: 0 });
      }
    }
  }, 180_000);
});
