import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useFastHasher } from '../../../../proofs/hash/fast.js';
import { LOCAL, MAINNET, TestBeacon } from '../../../../test/support/beacon.js';
import { type HostileHttp, hostileHttp, type Lie, lies } from '../../../../test/support/hostileHttp.js';
import { SourceFaultError, SourceUnavailableError } from '../../../errors.js';
import { BeaconApi } from './api.js';

const HASTY = {
  timeoutMs: 1500,
  progressMs: 150,
  maxResponseBytes: 2 ** 20,
  requestsPerSecond: 1000,
  patienceMs: 100,
};
/** Long enough for the busiest machine. */
const PATIENT = { ...HASTY, timeoutMs: 60_000, progressMs: 60_000 };
/** What only the time tells. */
const SLOW = new Set(['a body that trickles', 'no answer']);
/** Answers of a server that is down, slow or elsewhere: all others are lies. */
const UNAVAILABLE = new Set([
  ...SLOW,
  'a body that is cut off',
  'an HTML page with an error',
  'a redirect',
  'a wait of an hour',
]);

let beacon: TestBeacon;
let server: HostileHttp;
let api: BeaconApi;
const open = (url: string, network = LOCAL, limits = PATIENT) => new BeaconApi(network, { url, ...limits });

beforeAll(async () => {
  useFastHasher();
  beacon = await TestBeacon.start(40);
  server = await hostileHttp(beacon.url);
  api = open(server.url);
});
afterAll(async () => {
  await api.close();
  await server.close();
  await beacon.close();
});

const told = async (work: () => Promise<unknown>, lie: Lie): Promise<unknown> => {
  server.lie = lie;
  const error = await work().catch((caught: unknown) => caught);
  server.lie = undefined;
  return error;
};
/** Changes the honest JSON of an answer. */
const changed =
  (change: (json: unknown) => unknown): Lie =>
  (response, { body }) => {
    response.end(JSON.stringify(change(JSON.parse(body.toString()))));
  };
/** Sets one member, such as `data.header.slot`; `undefined` takes it away. */
const set = (path: string, value: unknown): Lie =>
  changed((json) => {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let at = json as Record<string, unknown>;
    for (const name of names) at = at[name] as Record<string, unknown>;
    at[last] = value;
    return json;
  });
const twice = changed((json) => [...(json as unknown[]), ...(json as unknown[])]);

describe('an honest server', () => {
  it('is read', async () => {
    await api.check();
    const root = beacon.root(16);
    const bootstrap = await api.bootstrap(root);
    expect(bootstrap.data.header.beacon.slot).toBe(16);
    expect((await api.finalityUpdate())?.data.finalizedHeader.beacon.slot).toBe(16);
    expect((await api.optimisticUpdate())?.data.signatureSlot).toBe(40);
    expect(await api.updates(0, 5)).toHaveLength(1);
    expect(await api.updates(1, 5)).toEqual([]);
    expect(await api.finalizedBlock()).toEqual({ slot: 24, root: beacon.root(24) });
    expect(await api.blockAt(16)).toEqual({ slot: 16, root });
    expect(await api.blockAt(4000)).toBeUndefined();
    const { finalized } = await api.info.finalityCheckpoints();
    expect(finalized).toEqual({ epoch: 3, root: beacon.root(24) });
    expect((await api.info.forkSchedule()).length).toBeGreaterThan(3);
  });

  it('has no bootstrap for a block that it does not know', async () => {
    await expect(api.bootstrap(new Uint8Array(32).fill(1))).rejects.toBeInstanceOf(SourceUnavailableError);
  });

  it('of another network is named', async () => {
    const wrong = open(server.url, MAINNET);
    await expect(wrong.check()).rejects.toThrow(
      /is not on ethereum-mainnet: its genesis validators root is another, that of ethereum-local/,
    );
    await wrong.close();
  });

  it('keeps secrets of its URL out of names and errors', async () => {
    const url = `http://joe:hunter2@${new URL(server.url).host}/api-key-7/?token=t0psecret`;
    const secret = open(url);
    const error = String(await secret.finalityUpdate().catch((caught: unknown) => caught)) + secret.name;
    expect(error).not.toMatch(/hunter2|api-key|t0psecret/);
    await secret.close();
  });
});

describe('a lying server', () => {
  it.each(Object.entries(lies) as [keyof typeof lies, Lie][])('%s', async (title, lie) => {
    const slow = SLOW.has(title);
    const own = slow || title === 'a wait of an hour' ? open(server.url, LOCAL, slow ? HASTY : PATIENT) : api;
    const started = Date.now();
    const memory = process.memoryUsage().rss;
    for (const work of [() => own.check(), () => own.updates(0, 4), () => own.finalizedBlock()]) {
      const error = await told(work, lie);
      expect(error).toBeInstanceOf(UNAVAILABLE.has(title) ? SourceUnavailableError : SourceFaultError);
      expect(String(error)).toContain(own.name);
    }
    expect(Date.now() - started).toBeLessThan(50_000);
    expect(process.memoryUsage().rss - memory).toBeLessThan(200e6);
    if (own !== api) await own.close();
    expect(await api.updates(0, 4)).toHaveLength(1);
  });

  const forgeries: Record<string, [() => Promise<unknown>, Lie, RegExp]> = {
    'a header that does not hash to its root': [
      () => api.finalizedBlock(),
      set('data.header.message.slot', '25'),
      /at slot 25 that does not have the root it names/,
    ],
    'a bootstrap of another block': [
      () => api.bootstrap(beacon.root(16)),
      set('data.header.beacon.proposer_index', '3'),
      /a bootstrap of another block/,
    ],
    'more updates than asked for': [() => api.updates(0, 1), twice, /gave 2 items, more than 1/],
    'a number in another form': [
      () => api.finalityUpdate(),
      set('data.attested_header.beacon.slot', '1e3'),
      /slot is no number/,
    ],
    'nothing where there is data': [
      () => api.finalityUpdate(),
      set('data', undefined),
      /bad finality update/,
    ],
    'two updates of one period': [() => api.updates(0, 4), twice, /do not follow one another/],
    'an update with a short key': [
      () => api.updates(0, 4),
      set('0.data.next_sync_committee.pubkeys.3', '0x00'),
      /gave a bad update/,
    ],
    'an update without its branch': [
      () => api.updates(0, 4),
      set('0.data.next_sync_committee_branch', undefined),
      /gave a bad update/,
    ],
    'a version that is no text': [
      () => api.finalityUpdate(),
      set('version', 7),
      /gave a bad finality update/,
    ],
    'a number where there is text': [
      () => api.finalityUpdate(),
      set('data.attested_header.beacon.slot', 2 ** 60),
      /gave a bad finality update: slot is no text/,
    ],
  };

  it.each(Object.entries(forgeries))('%s', async (_, [work, lie, message]) => {
    const error = await told(work, lie);
    expect(String(error)).toMatch(message);
    expect(error).toBeInstanceOf(SourceFaultError);
  });

  it('a block of another slot', async () => {
    const honest = await (await fetch(`${beacon.url}/eth/v1/beacon/headers/16`)).text();
    const error = await told(
      () => api.blockAt(8),
      (response) => response.end(honest),
    );
    expect(String(error)).toMatch(/answered slot 16 when asked for 8/);
  });

  it('an update of an earlier period than asked for', async () => {
    const honest = await (
      await fetch(`${beacon.url}/eth/v1/beacon/light_client/updates?start_period=0&count=1`)
    ).text();
    const error = await told(
      () => api.updates(3, 2),
      (response) => response.end(honest),
    );
    expect(String(error)).toMatch(/an update of period 0 when asked for 2 from 3 on/);
  });

  it('of a fork that is not known here is ahead, and no liar', async () => {
    const error = await told(() => api.finalityUpdate(), set('version', 'heze'));
    expect(error).toBeInstanceOf(SourceUnavailableError);
    expect(String(error)).toMatch(/the fork heze is not known/);
  });

  it('tells its own words in an error, short and printable', async () => {
    const error = await told(
      () => api.finalityUpdate(),
      (response) =>
        response.writeHead(500).end(JSON.stringify({ message: `no\u0007 update ${'x'.repeat(3000)}` })),
    );
    expect(error).toBeInstanceOf(SourceUnavailableError);
    expect(String(error)).toMatch(/HTTP 500 \(no +update x{10}/);
    expect(String(error).length).toBeLessThan(400);
  });

  it('that has not executed its blocks names no finalized block', async () => {
    const error = await told(() => api.finalizedBlock(), set('execution_optimistic', true));
    expect(error).toBeInstanceOf(SourceUnavailableError);
  });
});
