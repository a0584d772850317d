import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  advanceFinality,
  beaconRoot,
  type ConsensusNetwork,
  startFinality,
} from '../../adapters/ethereum/consensus/index.js';
import { BeaconApi } from '../../adapters/ethereum/sources/beacon/api.js';
import { BeaconFile } from '../../adapters/ethereum/sources/beacon/file.js';
import type { BeaconSource } from '../../adapters/ethereum/sources/beacon/source.js';
import { EvidenceBook } from '../../indexers/follow/evidence.js';
import { LightClientSync, type LightClientSyncOptions } from '../../indexers/follow/lightClient/sync.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { toHex } from '../../proofs/bytes.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { LevelStore } from '../../storage/level.js';
import { MemoryStore } from '../../storage/memory.js';
import { type Recorded, serveRecorded } from '../support/beacon.js';
import { hostileHttp } from '../support/hostileHttp.js';
import { lightClientFiles, sixPeriods } from '../support/lightClient.js';
import { dataPath, hasData, needsData, readJson } from './folder.js';
import { type FileJson, recordedOf } from './recorded.js';

const timeAt = ({ genesisTime, slotMilliseconds }: ConsensusNetwork, slot: number) =>
  genesisTime + (slot * slotMilliseconds) / 1000;

describe.skipIf(!hasData)(needsData('real light-client data over the Beacon API'), () => {
  beforeAll(useFastHasher);
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing) await close();
  });

  const serve = async (recorded: Recorded) => {
    const server = await serveRecorded(recorded);
    closing.push(() => server.close());
    return server;
  };
  const api = (network: ConsensusNetwork, url: string): BeaconApi => {
    const source = new BeaconApi(network, { url, requestsPerSecond: 1000 });
    closing.push(() => source.close());
    return source;
  };
  const open = (
    network: ConsensusNetwork,
    trustedRoot: Uint8Array,
    sources: readonly BeaconSource[],
    slot: number,
    more: Partial<LightClientSyncOptions> = {},
  ) =>
    LightClientSync.open({
      network,
      trustedRoot,
      sources,
      store: new MemoryStore(),
      bls: blstBls,
      now: () => timeAt(network, slot) + 1,
      ...more,
    });

  it('six mainnet periods of Capella, followed to their head and handed on', async () => {
    const { network, name, finalityUpdates, optimisticUpdates } = sixPeriods();
    const { recorded, root } = recordedOf(name, network);
    const server = await serve(recorded);
    const head = optimisticUpdates[0]!.data.signatureSlot;
    const progress: unknown[] = [];
    const sync = await open(network, root, [api(network, server.url)], head, {
      batch: 2,
      onProgress: ({ period, target }) => progress.push([period, target]),
    });
    await sync.pollAll();
    const { finalizedHeader } = finalityUpdates[0]!.data;
    expect(sync.finalized()).toEqual({
      slot: finalizedHeader.beacon.slot,
      beaconRoot: beaconRoot(finalizedHeader.beacon),
      execution: { height: finalizedHeader.execution.blockNumber, hash: finalizedHeader.execution.blockHash },
    });
    expect(sync.optimistic()?.slot).toBe(optimisticUpdates[0]!.data.attestedHeader.beacon.slot);
    expect(progress).toEqual([
      [864, 867],
      [866, 867],
      [867, 867],
    ]);
    expect(sync.status()).toMatchObject({ stalled: false, startedTooOld: false, healthy: true });
    let record = startFinality(network, root, sync.bootstrap()!);
    const updates = [...(await sync.updates(862)).map(({ bytes }) => bytes), sync.latestFinalityUpdate()!];
    for (const update of updates)
      record = advanceFinality(network, record, update, sync.committeeFor(update)!, 2e9, blstBls);
    expect(record.executionHeight).toBe(finalizedHeader.execution.blockNumber);
    expect(toHex(record.executionHash)).toBe(toHex(finalizedHeader.execution.blockHash));
  });

  it('mainnet, a period in which the client begins', async () => {
    const file = lightClientFiles().find(({ name }) => name.includes('portal'))!;
    const { recorded, root } = recordedOf(file.name, file.network);
    // Finality of the same block in which the client begins: nothing new, and no fault.
    const server = await serve(recorded);
    const { signatureSlot } = file.optimisticUpdates[0]!.data;
    const sync = await open(file.network, root, [api(file.network, server.url)], signatureSlot);
    await sync.pollAll();
    expect(sync.status().sources[0]).toMatchObject({ healthy: true, faults: 0 });
    expect(sync.finalized()?.execution?.height).toBe(17_535_777);
    expect(sync.optimistic()?.slot).toBe(6_718_463);
  });

  it('sepolia, Deneb: a source that lacks the periods in between is left behind, not believed', async () => {
    const file = lightClientFiles().find(({ name }) => name.startsWith('sepolia'))!;
    const { recorded, root } = recordedOf(file.name, file.network);
    const server = await serve(recorded);
    const head = file.finalityUpdates[0]!.data.signatureSlot;
    const errors: string[] = [];
    const sync = await open(file.network, root, [api(file.network, server.url)], head, {
      onError: (error) => errors.push(String(error)),
    });
    await sync.pollAll();
    expect(errors.join()).toMatch(/has no update of period 641, though it names a head in period 642/);
    // What it had was verified and kept.
    expect((await sync.updates(640)).map(({ period }) => period)).toEqual([640]);
    expect(sync.finalized()?.slot).toBe(file.updates[0]!.data.finalizedHeader.beacon.slot);
    expect(sync.status()).toMatchObject({ period: 641, healthy: false });
  });

  it('from the very file that was published', async () => {
    const { network, name, finalityUpdates } = sixPeriods();
    const { root } = recordedOf(name, network);
    const source = new BeaconFile(network, { path: dataPath(`eth-lightclient/${name}`) });
    const sync = await open(network, root, [source], 2e9);
    await sync.pollAll();
    expect(sync.finalized()?.slot).toBe(finalityUpdates[0]!.data.finalizedHeader.beacon.slot);
    const wrong = new BeaconFile(lightClientFiles().at(-1)!.network, {
      path: dataPath(`eth-lightclient/${name}`),
    });
    await expect(wrong.check()).rejects.toThrow(/is of mainnet, not of ethereum-sepolia/);
  });

  it('a client that starts from an old block says so', async () => {
    const { network, name } = sixPeriods();
    const { recorded, root } = recordedOf(name, network);
    const server = await serve(recorded);
    const errors: string[] = [];
    const sync = await open(network, root, [api(network, server.url)], 9_000_000, {
      onError: (error) => errors.push(String(error)),
    });
    await sync.pollAll();
    expect(errors[0]).toMatch(/WeakSubjectivityError: ethereum-mainnet: .* epochs old/);
    expect(sync.status()).toMatchObject({ startedTooOld: true, stalled: true });
  });

  it('a source whose signatures are ahead of the clock waits', async () => {
    const { network, name, finalityUpdates } = sixPeriods();
    const { recorded, root } = recordedOf(name, network);
    const server = await serve(recorded);
    const errors: string[] = [];
    const early = finalityUpdates[0]!.data.signatureSlot - 1;
    const sync = await open(network, root, [api(network, server.url)], early, {
      onError: (error) => errors.push(String(error)),
    });
    await sync.pollAll();
    expect(errors.join()).toMatch(/signed at slot 7109431, after the current one, 7109430/);
    expect(sync.status().sources[0]?.faults).toBe(0);
  });

  it('one flipped bit in any of six periods is named, kept as evidence, and the honest source goes on', async () => {
    const { network, name, finalityUpdates } = sixPeriods();
    const { recorded, root } = recordedOf(name, network);
    const server = await serve(recorded);
    const front = await hostileHttp(server.url);
    closing.push(() => front.close());
    for (let period = 862; period < 868; period++) {
      front.lie = (response, { path, body, status }) => {
        const from = Number(new URL(path, 'http://a').searchParams.get('start_period'));
        const text = body.toString();
        const updates = text.split('"sync_committee_signature":"0x');
        if (!path.includes('/updates') || period < from || updates.length - 1 <= period - from)
          return void response.writeHead(status).end(body);
        const part = updates[period - from + 1]!;
        updates[period - from + 1] =
          `${part.slice(0, 100)}${part[100] === 'a' ? 'b' : 'a'}${part.slice(101)}`;
        response.end(updates.join('"sync_committee_signature":"0x'));
      };
      const store = new MemoryStore();
      const evidence = new EvidenceBook(store);
      const liar = api(network, front.url);
      const head = finalityUpdates[0]!.data.signatureSlot + 1;
      const sync = await open(network, root, [liar, api(network, server.url)], head, { store, evidence });
      await sync.pollAll();
      const [kept] = await evidence.list(network.name, 5);
      expect(kept).toMatchObject({ kind: 'source-fault', source: liar.name });
      expect(kept?.message).toMatch(/its update is refused: invalid-signature/);
      expect(sync.finalized()?.slot).toBe(finalityUpdates[0]!.data.finalizedHeader.beacon.slot);
    }
  });

  it('goes on from disk after each batch, whenever it is stopped', async () => {
    const { network, name, finalityUpdates, optimisticUpdates } = sixPeriods();
    const { recorded, root } = recordedOf(name, network);
    const folder = mkdtempSync(join(tmpdir(), 'crossroot-light-'));
    closing.push(async () => rmSync(folder, { recursive: true, force: true }));
    const head = optimisticUpdates[0]!.data.signatureSlot;
    const starts: string[] = [];
    // Each life sees one more period, then loses its store.
    for (let life = 1; life <= 7; life++) {
      const server = await serve({
        ...recorded,
        updates: new Map([...recorded.updates].filter(([period]) => period < 861 + life)),
      });
      const store = await LevelStore.open(folder);
      const sync = await open(network, root, [api(network, server.url)], head, { store, batch: 1 });
      await sync.pollAll();
      await sync.stop();
      await store.close();
      const asked = server.requests.find((url) => url.includes('/updates'));
      starts.push(`${new URL(asked ?? '', 'http://a').searchParams.get('start_period')}`);
      expect(server.requests.some((url) => url.includes('/bootstrap/'))).toBe(life === 1);
      if (life === 7)
        expect(sync.finalized()?.slot).toBe(finalityUpdates[0]!.data.finalizedHeader.beacon.slot);
    }
    expect(starts).toEqual(['862', '862', '863', '864', '865', '866', '867']);
  });

  it('a file that is damaged or doubled is named', async () => {
    const { network, name } = sixPeriods();
    const folder = mkdtempSync(join(tmpdir(), 'crossroot-light-'));
    closing.push(async () => rmSync(folder, { recursive: true, force: true }));
    const json = readJson<FileJson>(`eth-lightclient/${name}`);
    const path = join(folder, 'periods.json');
    const source = new BeaconFile(network, { path, maxBytes: 2 ** 20 });
    await expect(source.check()).rejects.toMatchObject({ name: 'SourceUnavailableError' });
    const cases: [string, RegExp][] = [
      ['{"updates":', /something that is not JSON/],
      ['[]', /gave no object/],
      [JSON.stringify({ updates: 5 }), /updates gave no list/],
      [JSON.stringify({ updates: [json.updates[0], json.updates[0]] }), /two updates of period 862/],
      [JSON.stringify({ bootstrap: [{}] }), /bad bootstrap/],
      [JSON.stringify({ network: 'sepolia' }), /is of sepolia/],
      ['0'.repeat(2 ** 20 + 1), /more than 1048576/],
    ];
    for (const [text, message] of cases) {
      writeFileSync(path, text);
      await expect(source.check()).rejects.toThrow(message);
    }
    writeFileSync(path, JSON.stringify({ updates: json.updates.slice(0, 2) }));
    expect(await source.updates(862, 10)).toHaveLength(2);
    // It may grow.
    writeFileSync(path, JSON.stringify({ updates: json.updates.slice(0, 3) }));
    expect(await source.updates(862, 10)).toHaveLength(3);
    expect(await source.finalityUpdate()).toBeUndefined();
  });
});
