import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from './load.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossroot-index-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(index: unknown) {
  const path = join(folder, 'crossroot.json');
  await writeFile(path, JSON.stringify(index === undefined ? {} : { index }));
  return (await loadConfig(path)).index;
}

describe('the index', () => {
  const server = { type: 'clickhouse', url: 'https://clickhouse:8443' };

  test('is a chDB unless it is told otherwise', async () => {
    expect(await load(undefined)).toEqual({ type: 'chdb' });
    expect(await load({ type: 'none' })).toEqual({ type: 'none' });
  });

  test('is a server with defaults for everything but its URL', async () => {
    expect(await load(server)).toEqual({
      ...server,
      database: 'crossroot',
      username: 'default',
      requestTimeoutMilliseconds: 30_000,
      compression: 'none',
      maxConnections: 10,
    });
  });

  test('finds its files relative to the configuration', async () => {
    const tls = { caFile: 'ca.pem', certFile: 'client.pem', keyFile: '/keys/client.pem' };
    expect(await load({ ...server, passwordFile: 'secret' })).toMatchObject({
      passwordFile: join(folder, 'secret'),
    });
    expect(await load({ ...server, tls })).toMatchObject({
      tls: {
        caFile: join(folder, 'ca.pem'),
        certFile: join(folder, 'client.pem'),
        keyFile: '/keys/client.pem',
      },
    });
    expect(await load({ ...server, tls: { caFile: 'ca.pem' } })).toMatchObject({
      tls: { caFile: join(folder, 'ca.pem') },
    });
  });

  test.each([
    ['a type that is not known', { type: 'duckdb' }, /index/],
    ['a chDB with settings of a server', { type: 'chdb', url: server.url }, /index.*url/],
    ['no URL', { type: 'clickhouse' }, /index\.url/],
    ['a URL of the native protocol', { ...server, url: 'tcp://clickhouse:9000' }, /index\.url: .*http/],
    ['a password in the URL', { ...server, url: 'http://a:b@clickhouse:8123' }, /index\.url: .*password/],
    ['settings in the URL', { ...server, url: 'http://clickhouse:8123/?readonly=1' }, /index\.url/],
    ['a database of other letters', { ...server, database: 'Crossroot-1' }, /index\.database/],
    ['two passwords', { ...server, password: 'a', passwordFile: 'b' }, /index\.passwordFile/],
    ['certificates for plain HTTP', { ...server, url: 'http://a', tls: { caFile: 'a' } }, /index\.tls/],
    [
      'a certificate without its key',
      { ...server, tls: { caFile: 'a', certFile: 'b' } },
      /certFile and keyFile/,
    ],
    [
      'a certificate beside a password',
      { ...server, password: 'a', tls: { caFile: 'a', certFile: 'b', keyFile: 'c' } },
      /index\.tls/,
    ],
    ['no time at all', { ...server, requestTimeoutMilliseconds: 10 }, /requestTimeoutMilliseconds/],
    ['a packing that is not known', { ...server, compression: 'lz4' }, /index\.compression/],
    ['no connection', { ...server, maxConnections: 0 }, /index\.maxConnections/],
  ])('%s is refused', async (_, index, message) => {
    await expect(load(index)).rejects.toThrow(message);
  });

  test('no refusal shows a password', async () => {
    const wrong = load({ ...server, url: 'http://a:hunter2@clickhouse:8123', password: 'hunter2' });
    await expect(wrong).rejects.not.toThrow(/hunter2/);
  });
});
