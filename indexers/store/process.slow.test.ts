import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { hasChdb } from '../../test/support/clickhouse/front.js';
import { compileEntry } from '../../test/support/compile.js';
import { EventMaker } from '../../test/support/index/eventMaker.js';
import { openChdbStore } from './chdbStore.js';
import { ChdbClient } from './sql/chdbClient.js';

const root = mkdtempSync(join(tmpdir(), 'crossroot-owner-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

describe.skipIf(!hasChdb)('processes of an embedded index', () => {
  let program: string;
  beforeAll(async () => {
    program = await compileEntry('test/support/index/chdbMain.ts');
  }, 120_000);

  /** A process of its own; `line` resolves with its next line. */
  function start(folder: string, mode: 'hold' | 'write') {
    const child = spawn(process.execPath, [program, folder, mode], { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    return {
      child,
      line: async () => String((await lines.next()).value),
      kill: async () => {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }

  test('one owns it; a second is told which', async () => {
    const folder = join(root, 'owned');
    const owner = start(folder, 'hold');
    expect(await owner.line()).toBe('open');
    const second = start(folder, 'hold');
    const error: unknown = JSON.parse(await second.line());
    expect(error).toMatchObject({
      name: 'IndexUnavailableError',
      retryable: true,
      message: expect.stringContaining(`belongs to process ${owner.child.pid}`),
      hint: expect.stringContaining('One process owns the embedded index'),
    });
    // In this process too, and once the owner is gone it opens.
    await expect(openChdbStore(folder)).rejects.toThrow(`belongs to process ${owner.child.pid}`);
    await owner.kill();
    const third = start(folder, 'hold');
    expect(await third.line()).toBe('open');
    await third.kill();
  }, 120_000);

  test('killed in the midst of writes, it comes back with what was published', async () => {
    const folder = join(root, 'killed');
    const maker = new EventMaker('made');
    let published = 0;
    for (let kill = 0; kill < 4; kill++) {
      const writer = start(folder, 'write');
      expect(await writer.line()).toBe('open');
      for (let i = 0; i <= kill * 2; i++) published = Number(await writer.line());
      // Anywhere in the next write.
      await new Promise((resolve) => setTimeout(resolve, 5 + kill * 17));
      await writer.kill();
      const store = await openChdbStore(folder);
      const last = await store.lastNumber('made');
      expect(last).toBeGreaterThanOrEqual(published);
      if (maker.number < last) maker.take(last - maker.number);
      const { rows, view } = await store.latest('made', { limit: 500 });
      const best = maker.bestOf(last);
      expect(view).toMatchObject({ number: last, height: best.at(-1)?.height });
      expect(rows.map(({ hash }) => Buffer.from(hash).toString('hex'))).toEqual(
        best
          .slice(-500)
          .reverse()
          .map(({ hash }) => Buffer.from(hash).toString('hex')),
      );
      expect((await store.counts())[0]?.canonical).toBe(best.length);
      await store.close();
      expect(existsSync(join(folder, 'crossroot-owner.json'))).toBe(false);
    }
  }, 240_000);

  test('an owner that is no more does not count, nor what it says in part', async () => {
    const folder = join(root, 'stale');
    await (await openChdbStore(folder)).close();
    for (const text of ['{"pid":99999999,"since":"x"}', '{"pid":1', '']) {
      writeFileSync(join(folder, 'crossroot-owner.json'), text);
      await (await openChdbStore(folder)).close();
    }
  });

  test('one process has one', async () => {
    const first = await ChdbClient.open(join(root, 'first'));
    await expect(ChdbClient.open(join(root, 'second'))).rejects.toThrow(
      'this process has another index open',
    );
    const waiting = first.query('last', 'SELECT 1 AS n', z.object({ n: z.number() }));
    await first.close();
    expect(await waiting).toEqual([{ n: 1 }]);
    await expect(first.query('late', 'SELECT 1 AS n', z.unknown())).rejects.toThrow('it has been closed');
    await expect(first.command('late', 'SELECT 1')).rejects.toThrow('it has been closed');
    await (await ChdbClient.open(join(root, 'second'))).close();
  });
});
