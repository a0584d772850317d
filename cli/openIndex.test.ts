import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type IndexConfig, IndexSchema } from '../config/index.js';
import { IndexQueryError, IndexUnavailableError } from '../indexers/store/errors.js';
import type { IndexStore } from '../indexers/store/indexStore.js';
import { refuse, startLiar } from '../test/support/clickhouse/liar.js';
import { httpOptions, openIndex } from './openIndex.js';

const server = (more: object = {}): IndexConfig =>
  IndexSchema.parse({ type: 'clickhouse', url: 'http://127.0.0.1:1', ...more });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossroot-open-index-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Fails as it is told to, then opens. */
function opening(failures: readonly unknown[], config: IndexConfig = server()) {
  const troubles: unknown[] = [];
  const left = [...failures];
  let closed = 0;
  const store = { close: async () => void closed++ } as unknown as IndexStore;
  const index = openIndex({
    config,
    folder: join(folder, 'chdb'),
    firstWaitMs: 1,
    onTrouble: (trouble) => troubles.push(trouble),
    open: async () => {
      const failure = left.shift();
      if (failure !== undefined) throw failure;
      return store;
    },
  });
  return { index, troubles, store, closed: () => closed, left };
}

const down = () => new IndexQueryError('greeting', new Error('connect ECONNREFUSED'));

describe('the index of a configuration', () => {
  test('is waited for while its server is not up, which is told once', async () => {
    const { index, troubles, store, closed } = opening([down(), down(), down()]);
    expect(index.available).toBe(false);
    await expect(index.store.counts()).rejects.toThrow(/still being opened|ECONNREFUSED/);
    await index.opened();
    expect(index.available).toBe(true);
    expect(index.store).toBe(store);
    expect(troubles).toHaveLength(1);
    await index.close();
    expect(closed()).toBe(1);
    await expect(index.store.counts()).rejects.toThrow(/has been closed/);
  });

  test('is not waited for longer than the process lives', async () => {
    const wrong = new IndexQueryError('greeting', new Error('Authentication failed'), false);
    const { index, troubles, left } = opening([wrong, wrong]);
    while (troubles.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await expect(index.store.counts()).rejects.toThrow(/Authentication failed/);
    await index.close();
    expect(left).toHaveLength(1);
  });

  test('is given up where chDB is missing, and tried again where another process has it', async () => {
    const chdb: IndexConfig = { type: 'chdb' };
    const missing = opening([new IndexUnavailableError('Cannot find package chdb'), down()], chdb);
    await missing.index.opened();
    await expect(missing.index.store.counts()).rejects.toThrow(/Cannot find package chdb/);
    expect(missing.index.available).toBe(false);
    const owned = new IndexUnavailableError('belongs to process 7', undefined, { retryable: true });
    const taken = opening([owned], chdb);
    await taken.index.opened();
    expect(taken.index.available).toBe(true);
  });

  test('may be none', async () => {
    const { index, troubles } = opening([], { type: 'none' });
    await index.opened();
    expect(index.available).toBe(false);
    await expect(index.store.counts()).rejects.toThrow(/the configuration has none/);
    expect(troubles).toEqual([]);
    await index.close();
  });

  test('does not say its password, whatever goes wrong', async () => {
    const liar = await startLiar(refuse(403, 516, 'default: Authentication failed (AUTHENTICATION_FAILED)'));
    const troubles: unknown[] = [];
    const index = openIndex({
      config: server({ url: liar.url, password: 'hunter2' }),
      folder,
      onTrouble: (trouble) => troubles.push(trouble),
    });
    while (troubles.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await index.close();
    await liar.close();
    const [trouble] = troubles as Error[];
    const said = JSON.stringify([trouble, trouble?.message, trouble?.stack, String(trouble?.cause)]);
    expect(said).toMatch(/Authentication failed/);
    expect(said).not.toMatch(/hunter2|aHVudGVyMg/);
  });
});

describe('what a server is asked with', () => {
  const read = (more: object) => httpOptions(server(more) as Parameters<typeof httpOptions>[0]);

  test('comes from the configuration and its files', async () => {
    const [secret, ca, cert, key] = ['secret', 'ca', 'cert', 'key'].map((name) => join(folder, name));
    for (const path of [secret, ca, cert, key]) await writeFile(`${path}`, `${path}\r\n`);
    expect(await read({ passwordFile: secret, compression: 'gzip', maxConnections: 3 })).toMatchObject({
      username: 'default',
      password: secret,
      compression: 'gzip',
      maxConnections: 3,
      requestTimeoutMs: 30_000,
    });
    const tls = { caFile: ca, certFile: cert, keyFile: key };
    const options = await read({ url: 'https://clickhouse', tls });
    expect(options.password).toBe('');
    expect([options.tls?.ca, options.tls?.cert, options.tls?.key].map(String)).toEqual(
      [ca, cert, key].map((path) => `${path}\r\n`),
    );
  });

  test('is missed with its file', async () => {
    const gone = read({ passwordFile: join(folder, 'gone') });
    await expect(gone).rejects.toThrow(/gone cannot be read: ENOENT/);
    await writeFile(join(folder, 'long'), 'x'.repeat(5000));
    await expect(read({ passwordFile: join(folder, 'long') })).rejects.toThrow(/too long for a password/);
  });
});
