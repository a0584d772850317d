import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { SourceConfig } from '../config/schema.js';
import { startHostilePeer } from '../test/support/hostilePeer.js';
import { openBeaconSources, openSources, sourcePlaces } from './sources.js';

const url = 'http://me:hunter2@127.0.0.1:1/key';
const bitcoin: SourceConfig[] = [
  { type: 'bitcoin-core', url, user: 'me', password: 'hunter2' },
  { type: 'bitcoin-rest', url },
  { type: 'esplora', url, name: 'ours' },
  { type: 'bitcoin-p2p', address: '127.0.0.1:1' },
  { type: 'bitcoin-headers-file', path: '/srv/secret/headers.bin' },
];
const ethereum: SourceConfig[] = [
  { type: 'beacon-file', path: '/srv/secret/beacon.json' },
  { type: 'ethereum-rpc', url },
  { type: 'ethereum-rpc', url: 'ws://127.0.0.1:1' },
  { type: 'beacon-api', url },
];
const opened: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(opened.splice(0).map((source) => source.close())));

test('a source is called by its name, or by its type and place, in all that it says', async () => {
  const sources = [
    ...openSources('bitcoin-mainnet', bitcoin),
    ...openSources('ethereum-mainnet', ethereum),
    ...openBeaconSources('ethereum-mainnet', ethereum),
  ];
  opened.push(...sources);
  expect(sources.map(({ name }) => name)).toEqual([
    ...['bitcoin-core 1', 'bitcoin-rest 2', 'ours', 'bitcoin-p2p 4', 'bitcoin-headers-file 5'],
    ...['ethereum-rpc 2', 'ethereum-rpc 3', 'beacon-file 1', 'beacon-api 4'],
  ]);
  const failures = await Promise.all(sources.map((source) => source.check().then(() => '', String)));
  for (const [i, text] of failures.entries()) {
    expect(text).toContain(sources[i]?.name);
    expect(text).not.toMatch(/hunter2|secret|key\b/);
  }
}, 60_000);

test('where it is is for the log, without what may be secret', () => {
  const places = [...sourcePlaces(bitcoin), ...sourcePlaces(ethereum)];
  expect(places.map(({ at }) => at)).toEqual([
    ...['127.0.0.1:1', '127.0.0.1:1', '127.0.0.1:1', '127.0.0.1:1', '/srv/secret/headers.bin'],
    ...['/srv/secret/beacon.json', '127.0.0.1:1', '127.0.0.1:1', '127.0.0.1:1'],
  ]);
  expect(JSON.stringify(places)).not.toContain('hunter2');
});

test('a node without block 0 is known by the checkpoint', async () => {
  const checkpoint = { height: 840_000, hash: new Uint8Array(32).fill(7) };
  const server = createServer(async (request, response) => {
    type Call = { readonly id: unknown; readonly params: readonly unknown[] };
    const asked = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Call | Call[];
    const answer = ({ id, params: [height] }: Call) =>
      height === checkpoint.height
        ? { id, result: '07'.repeat(32), error: null }
        : { id, result: null, error: { code: -8, message: 'Block height out of range' } };
    response.end(JSON.stringify(Array.isArray(asked) ? asked.map(answer) : answer(asked)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const open = (start?: typeof checkpoint) => {
    const sources = openSources('bitcoin-mainnet', [{ type: 'bitcoin-core', url: at }], start);
    opened.push(...sources);
    return sources[0];
  };
  await open(checkpoint)?.check();
  await expect(open({ ...checkpoint, hash: new Uint8Array(32) })?.check()).rejects.toThrow(
    'is not on bitcoin-mainnet',
  );
  await expect(open()?.check()).rejects.toThrow('out of range');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}, 60_000);

test('sources over HTTP tell how far our clock is from theirs', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { date: new Date(Date.now() - 3_600_000).toUTCString() }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const types = ['bitcoin-core', 'bitcoin-rest', 'esplora'] as const;
  const sources = [
    ...openSources(
      'bitcoin-mainnet',
      types.map((type) => ({ type, url: at })),
    ),
    ...openSources('ethereum-mainnet', [{ type: 'ethereum-rpc', url: at }]),
  ];
  opened.push(...sources);
  for (const source of sources) {
    expect(source.clockSkew).toBeUndefined();
    await expect(source.tip()).rejects.toThrow();
    // Less what is rounded down and what the answer may have taken.
    expect(Math.abs((source.clockSkew ?? 0) - 3570)).toBeLessThan(31);
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}, 60_000);

test('so does a Bitcoin peer', async () => {
  const peer = await startHostilePeer();
  peer.behave({ version: () => ({ time: BigInt(Math.floor(Date.now() / 1000) + 3600) }) });
  const [source] = openSources('bitcoin-regtest', [{ type: 'bitcoin-p2p', address: peer.address }]);
  if (source !== undefined) opened.push(source);
  await Promise.allSettled([source?.check()]);
  expect(Math.abs((source?.clockSkew ?? 0) + 3570)).toBeLessThan(31);
  await source?.close();
  await peer.close();
}, 60_000);
