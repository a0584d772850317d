import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { periodAt } from '../../adapters/ethereum/consensus/forks.js';
import { addConsensusNetwork, type ConsensusNetwork } from '../../adapters/ethereum/consensus/networks.js';
import { BeaconApi } from '../../adapters/ethereum/sources/beacon/api.js';
import { BeaconClient } from '../../adapters/ethereum/sources/beacon/client.js';
import { definitionOf } from '../../adapters/ethereum/sources/beacon/definition.js';
import { BeaconNodeInfo } from '../../adapters/ethereum/sources/beacon/nodeInfo.js';
import { agreeOnCheckpoint } from '../../indexers/follow/lightClient/checkpoint.js';
import { LightClientSync } from '../../indexers/follow/lightClient/sync.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { bytesEqual, toHex } from '../../proofs/bytes.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { LevelStore } from '../../storage/level.js';
import { findLodestar, Lodestar } from '../support/lodestar.js';
import { freePorts } from '../support/ports.js';

const program = findLodestar();
if (program === undefined) console.warn('CROSSROOT_LODESTAR names no Lodestar: skipped');

/**
 * Seconds; more on a busy machine, whose validators otherwise vote too late. A period of the minimal preset has 64 slots: about
 * two minutes.
 */
const SLOT = Number(process.env.CROSSROOT_LODESTAR_SLOT ?? 2);

/** Waits for something to hold, as many seconds with slots of two, with what the node last said if it never does. */
async function until<T>(
  node: Lodestar,
  seconds: number,
  work: () => Promise<T | undefined>,
  more: () => unknown = () => '',
): Promise<T> {
  const end = Date.now() + seconds * 500 * SLOT;
  for (;;) {
    const found = await work();
    if (found !== undefined) return found;
    if (Date.now() > end)
      throw new Error(`nothing after ${seconds} s: ${JSON.stringify(more())}; the node: ${node.log}`);
    await sleep(500);
  }
}

describe.skipIf(program === undefined)('a real beacon node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-lodestar-'));
  /** Makes the blocks. */
  let maker: Lodestar;
  /** Learns of them over P2P, and is the one that is followed. */
  let node: Lodestar;
  let network: ConsensusNetwork;
  let api: BeaconApi;
  let makerApi: BeaconApi;

  beforeAll(async () => {
    useFastHasher();
    const port = await freePorts(4);
    const shared = {
      program: program ?? '',
      genesisTime: Math.floor(Date.now() / 1000) + 30,
      slotSeconds: SLOT,
    };
    maker = new Lodestar({ ...shared, folder: join(folder, 'maker'), port, validates: true });
    node = new Lodestar({ ...shared, folder: join(folder, 'node'), port: port + 2, validates: false });
    maker.start();
    node.start();
    const info = new BeaconNodeInfo(new BeaconClient('lodestar-dev', { url: node.url }));
    const definition = await until(node, 90, () => definitionOf('lodestar-dev', info).catch(() => undefined));
    await until(node, 60, () => connected(node));
    network = addConsensusNetwork(definition);
    api = new BeaconApi(network, { url: node.url });
    makerApi = new BeaconApi(network, { url: maker.url });
  }, 120_000 * SLOT);
  afterAll(async () => {
    await api?.close();
    await makerApi?.close();
    await node?.stop('SIGKILL');
    await maker?.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const connected = (one: Lodestar) =>
    one.connect(maker).then(
      (ok) => (ok ? true : undefined),
      () => undefined,
    );

  it('is followed from a bootstrap over more than two periods, its restart and ours', {
    timeout: 500_000 * SLOT,
  }, async () => {
    await api.check();
    expect(network).toMatchObject({ preset: 'minimal', slotMilliseconds: 1000 * SLOT });
    const first = await until(node, 240, async () => {
      const block = await api.finalizedBlock().catch(() => undefined);
      return block !== undefined && block.slot > 0 ? block : undefined;
    });
    const agreed = await agreeOnCheckpoint([api, makerApi], 2);
    expect(agreed.slot).toBeGreaterThanOrEqual(first.slot);

    const errors: string[] = [];
    let store = await LevelStore.open(join(folder, 'ours'));
    const open = () =>
      LightClientSync.open({
        network,
        trustedRoot: first.root,
        sources: [api],
        store,
        bls: blstBls,
        pollMs: 500,
        maxBackoffMs: 2000,
        onError: (error) => errors.push(String(error)),
      });
    let sync = await open();
    const seen: number[] = [];
    const listen = () => {
      const slot = sync.finalized()?.slot ?? 0;
      if (seen.at(-1) !== slot) seen.push(slot);
    };
    sync.onChange(listen);
    sync.start();
    const finalizedIn = (period: number, seconds: number) =>
      until(
        node,
        seconds,
        async () => {
          const block = sync.finalized();
          return block !== undefined && periodAt(network, block.slot) >= period ? block : undefined;
        },
        () => ({ status: sync.status(), errors: errors.slice(-5), first: first.slot, seen }),
      );
    const begun = periodAt(network, first.slot);
    await finalizedIn(begun + 1, 300);

    // The node stops: what is final stays, and the source is seen to be away.
    const before = sync.finalized();
    await node.stop();
    await until(node, 20, async () => (sync.status().healthy ? undefined : true));
    expect(sync.finalized()?.slot).toBeGreaterThanOrEqual(before?.slot ?? 0);
    node.start();
    await until(node, 90, () => connected(node));
    await until(node, 120, async () => (sync.status().healthy ? true : undefined));

    // So does our client, which goes on from its disk.
    await sync.stop();
    const stopped = sync.finalized();
    await store.close();
    store = await LevelStore.open(join(folder, 'ours'));
    sync = await open();
    expect(sync.finalized()).toEqual(stopped);
    sync.onChange(listen);
    sync.start();

    const last = await finalizedIn(begun + 3, 600);
    await sync.stop();
    const kept = await sync.updates(begun);
    await store.close();
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(10);
    const told = await makerApi.blockAt(last.slot);
    expect(told !== undefined && bytesEqual(told.root, last.beaconRoot)).toBe(true);
    expect(kept.length).toBeGreaterThanOrEqual(3);
    expect(sync.status().sources[0]?.faults).toBe(0);
    const refused = errors.filter((error) => !/cannot be reached|HTTP 5|took longer|no answer/.test(error));
    expect(refused).toEqual([]);
    console.info(`finalized ${seen.join(', ')} of ${toHex(first.root)}`);
  });
});
