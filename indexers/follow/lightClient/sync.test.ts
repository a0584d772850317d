import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SourceUnavailableError } from '../../../adapters/errors.js';
import { advanceFinality, startFinality } from '../../../adapters/ethereum/consensus/finality.js';
import { periodAt } from '../../../adapters/ethereum/consensus/forks.js';
import type { FinalityRecord } from '../../../adapters/ethereum/consensus/record.js';
import { BeaconApi } from '../../../adapters/ethereum/sources/beacon/api.js';
import type { BeaconSource } from '../../../adapters/ethereum/sources/beacon/source.js';
import { blstBls } from '../../../mainchain/crypto/blst.js';
import { toHex } from '../../../proofs/bytes.js';
import { useFastHasher } from '../../../proofs/hash/fast.js';
import { MemoryStore } from '../../../storage/memory.js';
import { LOCAL, TestBeacon } from '../../../test/support/beacon.js';
import { type HostileHttp, hostileHttp, type Lie } from '../../../test/support/hostileHttp.js';
import { CrashStore } from '../../../test/support/indexers/crashStore.js';
import { EvidenceBook } from '../evidence.js';
import type { CatchUpProgress } from './catchUp.js';
import { LightClientSync, type LightClientSyncOptions } from './sync.js';

/** Slots of the chain: four whole periods and some. */
const SLOTS = 280;

let beacon: TestBeacon;
let front: HostileHttp;
beforeAll(async () => {
  useFastHasher();
  beacon = await TestBeacon.start(SLOTS);
  front = await hostileHttp(beacon.url);
}, 180_000);
afterAll(async () => {
  await front?.close();
  await beacon?.close();
});
afterEach(() => {
  front.lie = undefined;
});

const api = (url: string) =>
  new BeaconApi(LOCAL, { url, requestsPerSecond: 10_000, timeoutMs: 2000, progressMs: 200 });

async function open(
  sources: readonly BeaconSource[],
  more: Partial<LightClientSyncOptions> = {},
): Promise<LightClientSync> {
  return LightClientSync.open({
    network: LOCAL,
    trustedRoot: beacon.root(16),
    sources,
    store: new MemoryStore(),
    bls: blstBls,
    pollMs: 20,
    maxBackoffMs: 200,
    ...more,
  });
}

/** An answer of one route changed; all others stay honest. */
const on =
  (route: RegExp, lie: Lie): Lie =>
  (response, honest) => {
    if (route.test(honest.path)) lie(response, honest);
    else response.writeHead(honest.status).end(honest.body);
  };
/** Flips one bit of the first signature in an answer. */
const forged: Lie = (response, { body }) => {
  const text = body.toString();
  const at = text.indexOf('"sync_committee_signature":"0x') + 60;
  response.end(`${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`);
};
const UPDATES = /light_client\/updates/;
const FINALITY = /light_client\/finality_update/;

describe('at the head', () => {
  it('catches up over periods and then follows', async () => {
    const seen: CatchUpProgress[] = [];
    const sync = await open([api(beacon.url)], { batch: 2, onProgress: (progress) => seen.push(progress) });
    expect(sync.status()).toMatchObject({ started: false, healthy: false });
    await sync.pollAll();
    const { finalityUpdate } = beacon.node.chain.light;
    expect(sync.finalized()?.slot).toBe(finalityUpdate?.finalizedHeader.beacon.slot);
    expect(sync.finalized()?.execution?.height).toBe(finalityUpdate?.finalizedHeader.execution.blockNumber);
    expect(sync.optimistic()?.slot).toBe(SLOTS - 1);
    expect(seen.map(({ period, target }) => [period, target])).toEqual([
      [2, 4],
      [4, 4],
    ]);
    expect(sync.status()).toMatchObject({
      started: true,
      healthy: true,
      stalled: false,
      startedTooOld: false,
      ageSeconds: undefined,
      catchUp: { updates: 4 },
    });
    let changes = 0;
    const end = sync.onChange(() => changes++);
    const before = sync.finalized()!.slot;
    await beacon.steps(16);
    await sync.pollAll();
    expect(sync.finalized()!.slot).toBe(before + 16);
    expect(changes).toBeGreaterThan(0);
    end();
  });

  it('hands the main chain what it needs, from the bootstrap on', async () => {
    const sync = await open([api(beacon.url)]);
    await sync.pollAll();
    let record: FinalityRecord = startFinality(LOCAL, sync.trustedRoot, sync.bootstrap()!);
    const take = (update: Uint8Array) => {
      record = advanceFinality(LOCAL, record, update, sync.committeeFor(update)!, 0, blstBls);
    };
    for (const { bytes } of await sync.updates(periodAt(LOCAL, record.slot), 3)) take(bytes);
    expect(periodAt(LOCAL, record.slot)).toBe(2);
    for (const { bytes } of await sync.updates(3)) take(bytes);
    take(sync.latestFinalityUpdate()!);
    expect(toHex(record.executionHash)).toBe(toHex(sync.finalized()!.execution!.hash));
    expect(record.executionHeight).toBe(sync.finalized()!.execution!.height);
  });

  it('learns the next committee before its period begins', async () => {
    const sync = await open([api(beacon.url)]);
    await sync.pollAll();
    const { slot } = sync.finalized()!;
    expect(sync.status().period).toBe(periodAt(LOCAL, slot) + 1);
    expect(await sync.updates(periodAt(LOCAL, slot))).toHaveLength(1);
  });
});

describe('restart', () => {
  it('goes on in the middle of a catch-up', async () => {
    const store = new MemoryStore();
    const first = api(beacon.url);
    let rest = 2;
    const cut: BeaconSource = Object.assign(Object.create(first) as BeaconApi, {
      check: () => first.check(),
      bootstrap: (root: Uint8Array) => first.bootstrap(root),
      finalityUpdate: () => first.finalityUpdate(),
      updates: async (from: number, count: number) => {
        if (rest-- === 0) throw new Error('killed');
        return first.updates(from, count);
      },
    });
    const killed = await open([cut], { store, batch: 1 });
    await killed.pollAll();
    const middle = killed.finalized()!.slot;
    expect(middle).toBeLessThan(beacon.node.chain.light.finalityUpdate!.finalizedHeader.beacon.slot);

    const asked: string[] = [];
    front.lie = (response, honest) => {
      asked.push(honest.path);
      response.writeHead(honest.status).end(honest.body);
    };
    const again = await open([api(front.url)], { store });
    expect(again.finalized()!.slot).toBe(middle);
    expect(toHex(again.bootstrap()!)).toBe(toHex(killed.bootstrap()!));
    await again.pollAll();
    expect(again.finalized()!.slot).toBeGreaterThan(middle);
    expect(asked.some((path) => /bootstrap/.test(path))).toBe(false);
    expect(asked.find((path) => UPDATES.test(path))).toContain('start_period=2');
    expect((await again.updates(0)).map(({ period }) => period)).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([false, true])('after a kill at any write goes on to the same end (written: %s)', async (after) => {
    const whole = new MemoryStore();
    const counted = new CrashStore(whole, 0, false);
    await (await open([api(beacon.url)], { store: counted, batch: 1 })).pollAll();
    expect(counted.batches).toBeGreaterThan(5);
    const contents = async (store: MemoryStore) => {
      const found: string[] = [];
      for await (const [key, value] of store.range({})) found.push(`${toHex(key)} ${toHex(value)}`);
      return found;
    };
    for (let at = 1; at <= counted.batches; at++) {
      const store = new MemoryStore();
      const killed = await open([api(beacon.url)], { store: new CrashStore(store, at, after), batch: 1 });
      await killed.pollAll();
      const again = await open([api(beacon.url)], { store, batch: 1 });
      await again.pollAll();
      expect(await contents(store)).toEqual(await contents(whole));
    }
  });

  it('keeps with the next write what could not be written', async () => {
    const store = new MemoryStore();
    let failures = 0;
    const batch = store.batch.bind(store);
    store.batch = async (writes) => {
      if (++failures % 2 === 1) throw new Error('the disk is full');
      await batch(writes);
    };
    const sync = await open([api(beacon.url)], { store, batch: 1 });
    for (let i = 0; i < 12; i++) await sync.pollAll();
    expect((await sync.updates(0)).map(({ period }) => period)).toEqual([0, 1, 2, 3, 4]);
    const again = await open([], { store });
    expect(again.finalized()).toEqual(sync.finalized());
  });

  it('with another trusted block begins there', async () => {
    const store = new MemoryStore();
    await (await open([api(beacon.url)], { store })).pollAll();
    const other = await open([api(beacon.url)], { store, trustedRoot: beacon.root(80) });
    expect(other.finalized()).toBeUndefined();
    await other.pollAll();
    expect((await other.updates(1))[0]?.period).toBe(1);
    expect(await other.updates(0)).toEqual([]);
  });

  it.each(['bootstrap', 'store', 'finality'])('with a damaged %s says so and begins again', async (what) => {
    const store = new MemoryStore();
    await (await open([api(beacon.url)], { store })).pollAll();
    for await (const [key, value] of store.range({})) {
      const name = new TextDecoder().decode(key);
      if (!name.endsWith(what)) continue;
      await store.batch([{ type: 'put', key, value: value.slice(0, value.length - 1) }]);
    }
    const errors: string[] = [];
    const sync = await open([api(beacon.url)], { store, onError: (error) => errors.push(String(error)) });
    expect(errors.join()).toMatch(/LightClientStateError: the kept state of ethereum-local/);
    expect(sync.finalized()).toBeUndefined();
    await sync.pollAll();
    expect(sync.finalized()!.slot).toBeGreaterThan(200);
  });
});

describe('sources that lie', () => {
  const lies: Record<string, [Lie, RegExp, 'fault' | 'unavailable']> = {
    'a forged update': [on(UPDATES, forged), /its update is refused: invalid-signature/, 'fault'],
    'a forged finality update': [
      on(FINALITY, forged),
      /its finality update is refused: invalid-signature/,
      'fault',
    ],
    'a forged optimistic update': [
      (response, honest) => {
        if (FINALITY.test(honest.path)) response.writeHead(404).end();
        else on(/optimistic_update/, forged)(response, honest);
      },
      /its optimistic update is refused: invalid-signature/,
      'fault',
    ],
    'a bootstrap with another committee': [
      on(/bootstrap/, (response, { body }) => {
        const json = JSON.parse(body.toString());
        json.data.current_sync_committee.pubkeys.reverse();
        response.end(JSON.stringify(json));
      }),
      /its bootstrap is refused: invalid-current-committee-branch/,
      'fault',
    ],
    'updates withheld': [
      on(UPDATES, (response) => response.end('[]')),
      /has no update of period 0, though it names a head in period 4/,
      'unavailable',
    ],
    'an update cut off': [
      on(UPDATES, (response, { body }) => response.end(body.subarray(0, 3000))),
      /gave something that is not JSON/,
      'fault',
    ],
    'a finality update of a far future': [
      on(FINALITY, (response, { body }) => {
        const json = JSON.parse(body.toString());
        json.data.signature_slot = '99999999';
        response.end(JSON.stringify(json));
      }),
      /has no update of period \d+, though it names a head in period 1562499/,
      'unavailable',
    ],
  };

  it.each(Object.entries(lies))('%s', async (_, [lie, message, sort]) => {
    front.lie = lie;
    const store = new MemoryStore();
    const errors: unknown[] = [];
    const evidence = new EvidenceBook(store);
    const liar = api(front.url);
    const sync = await open([liar, api(beacon.url)], {
      store,
      evidence,
      onError: (error) => errors.push(error),
    });
    await sync.pollAll();
    expect(String(errors[0])).toMatch(message);
    const [health, honest] = sync.status().sources;
    expect(health).toMatchObject({ healthy: false, faults: sort === 'fault' ? 1 : 0 });
    expect(honest).toMatchObject({ healthy: true, faults: 0 });
    // The honest one brings the client to the head all the same.
    const { finalityUpdate } = beacon.node.chain.light;
    expect(sync.finalized()?.slot).toBe(finalityUpdate?.finalizedHeader.beacon.slot);
    const kept = await evidence.list('ethereum-local', 5);
    expect(kept.map(({ kind, source }) => [kind, source])).toEqual(
      sort === 'fault' ? [['source-fault', liar.name]] : [],
    );
  });

  it('that are stale are behind, and do not hold the others up', async () => {
    const old = await (await fetch(`${beacon.url}/eth/v1/beacon/light_client/finality_update`)).text();
    await beacon.steps(32);
    front.lie = on(FINALITY, (response) => response.end(old));
    const sync = await open([api(front.url), api(beacon.url)]);
    await sync.pollAll();
    await sync.pollAll();
    expect(sync.status().sources.map(({ behind, healthy }) => [behind, healthy])).toEqual([
      [true, true],
      [false, true],
    ]);
    const { finalityUpdate } = beacon.node.chain.light;
    expect(sync.finalized()?.slot).toBe(finalityUpdate?.finalizedHeader.beacon.slot);
  });

  it('one that is past a fork that is not known here is followed up to it', async () => {
    const gloas = (entry: { version: string; data: { attested_header: { beacon: { slot: string } } } }) => ({
      ...entry,
      version: periodAt(LOCAL, Number(entry.data.attested_header.beacon.slot)) < 3 ? entry.version : 'gloas',
    });
    front.lie = (response, { path, status, body }) => {
      if (!/light_client\/(updates|finality_update|optimistic_update)/.test(path))
        return response.writeHead(status).end(body);
      const json = JSON.parse(body.toString());
      response.end(JSON.stringify(Array.isArray(json) ? json.map(gloas) : gloas(json)));
    };
    const errors: unknown[] = [];
    const sync = await open([api(front.url)], { onError: (error) => errors.push(error) });
    await sync.pollAll();
    await sync.pollAll();
    expect(sync.status().period).toBe(3);
    expect(periodAt(LOCAL, sync.finalized()!.slot)).toBe(2);
    expect(errors).toHaveLength(2);
    for (const error of errors) {
      expect(String(error)).toMatch(/not known here: unsupported-fork: the fork gloas is not known/);
      expect(error).toBeInstanceOf(SourceUnavailableError);
    }
    expect(sync.status()).toMatchObject({ healthy: false, sources: [{ faults: 0 }] });
  });

  it('one that hangs while it catches up is left for another', async () => {
    front.lie = on(UPDATES, () => undefined);
    const [hanging, late] = [api(front.url), api(beacon.url)];
    const check = late.check.bind(late);
    let come: () => void = () => undefined;
    const coming = new Promise<void>((resolve) => {
      come = resolve;
    });
    late.check = async () => {
      await coming;
      await check();
    };
    const sync = await open([hanging, late], { leadMs: 500 });
    sync.start();
    await expect.poll(() => sync.finalized()?.slot).toBe(16);
    come();
    const { finalityUpdate } = beacon.node.chain.light;
    const head = finalityUpdate!.finalizedHeader.beacon.slot;
    await expect.poll(() => sync.finalized()?.slot, { timeout: 90_000, interval: 50 }).toBe(head);
    await Promise.all([hanging.close(), late.close()]);
    await sync.stop();
  }, 180_000);

  it('comes back after all of them were away', async () => {
    front.lie = (response) => response.writeHead(503).end('{"message":"syncing"}');
    const source = api(front.url);
    const sync = await open([source]);
    sync.start();
    await expect.poll(() => sync.status().sources[0]?.failures, { timeout: 90_000 }).toBeGreaterThan(2);
    expect(sync.status()).toMatchObject({ healthy: false, started: false });
    front.lie = undefined;
    await expect.poll(() => sync.finalized()?.slot, { timeout: 90_000 }).toBeGreaterThan(200);
    await expect.poll(() => sync.status().healthy, { timeout: 90_000 }).toBe(true);
    await source.close();
    await sync.stop();
  }, 180_000);
});
