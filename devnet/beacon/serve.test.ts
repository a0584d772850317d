import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LightClient } from '../../adapters/ethereum/consensus/index.js';
import { BeaconApi } from '../../adapters/ethereum/sources/beacon/api.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { toHex } from '../../proofs/bytes.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { launchAnvil } from '../anvil.js';
import { freePort } from '../child.js';
import { NodeCallError } from '../errors.js';
import type { ForeignNode } from '../foreignNode.js';
import { payEthereum } from '../payments/ethereum.js';
import { callNode } from '../rpcClient.js';
import { LIGHT_TYPES } from './containers/light.js';
import { type BeaconService, startBeacon } from './serve.js';
import { NETWORK } from './testing/follow.js';

useFastHasher();
const NOW = Number.POSITIVE_INFINITY;
let dir: string;
let anvil: ForeignNode;
let service: BeaconService;
const serve = () =>
  startBeacon({ dataDir: join(dir, 'beacon'), execution: anvil.url, port: 0, slotMilliseconds: 50 });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'beacon-'));
  anvil = await launchAnvil({ dataDir: join(dir, 'anvil'), port: await freePort(), blockTime: 'never' });
  service = await serve();
});
afterAll(async () => {
  await service?.close();
  await anvil?.stop();
  rmSync(dir, { recursive: true });
});

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${service.url}${path}`, { headers });
}
async function data(path: string): Promise<Record<string, unknown>> {
  const response = await get(path);
  expect(response.status, path).toBe(200);
  return ((await response.json()) as { data: Record<string, unknown> }).data;
}

describe('over anvil', () => {
  it('a payment is in a beacon block that a light client sees become final', async () => {
    const api = new BeaconApi(NETWORK, { url: service.url });
    await api.check();
    const begin = await api.finalizedBlock();
    expect(begin.slot).toBe(16);
    const paid = await payEthereum(anvil.url, { wei: 1n });
    const bootstrap = await api.bootstrap(begin.root);
    const client = LightClient.start(NETWORK, begin.root, bootstrap.data, blstBls);
    for (const update of await api.updates(0, 8)) client.processUpdate(update.data, NOW);
    await expect
      .poll(
        async () => {
          const update = await api.finalityUpdate();
          const { slot } = update!.data.finalizedHeader.beacon;
          if (slot > client.finalized.beacon.slot) client.processFinalityUpdate(update!.data, NOW);
          return client.finalized.execution?.blockNumber ?? 0;
        },
        { timeout: 90_000, interval: 50 },
      )
      .toBeGreaterThanOrEqual(paid.blockNumber);
    const block = await data(`/eth/v2/beacon/blocks/${paid.blockNumber}`);
    const { message } = block as { message: { body: { execution_payload: Record<string, unknown> } } };
    expect(message.body.execution_payload.block_hash).toBe(paid.blockHash);
    expect((message.body.execution_payload.transactions as string[]).length).toBe(1);
    const { root } = (await data(`/eth/v1/beacon/blocks/${paid.blockNumber}/root`)) as { root: string };
    expect((await data(`/eth/v1/beacon/headers/${root}`)).canonical).toBe(true);
    await api.close();
  });

  it('answers as the Beacon API says', async () => {
    expect((await data('/eth/v1/beacon/genesis')).genesis_validators_root).toBe(
      toHex(NETWORK.genesisValidatorsRoot),
    );
    expect((await data('/eth/v1/config/spec')).FULU_FORK_VERSION).toBe('0x06c70011');
    expect((await get('/eth/v1/config/fork_schedule')).status).toBe(200);
    expect((await get('/eth/v1/node/health')).status).toBe(200);
    expect((await data('/eth/v1/node/syncing')).is_syncing).toBe(false);
    for (const id of ['head', 'finalized', 'justified', 'genesis', '5'])
      expect((await data(`/eth/v1/beacon/headers/${id}`)).canonical).toBe(true);
    expect((await data('/eth/v1/beacon/states/5/fork')).current_version).toBe('0x03c70011');
    expect(Object.keys(await data('/eth/v1/beacon/states/head/finality_checkpoints'))).toEqual([
      'previous_justified',
      'current_justified',
      'finalized',
    ]);
    const bad = '/eth/v1/beacon/';
    for (const [path, status] of [
      ['headers/999999', 404],
      ['headers/0x12', 404],
      ['light_client/bootstrap/0x12', 400],
      [`light_client/bootstrap/0x${'11'.repeat(32)}`, 404],
      ['light_client/updates', 400],
      ['light_client/updates?start_period=0&count=0', 400],
      ['nothing', 404],
    ] as const)
      expect((await get(bad + path)).status, path).toBe(status);
    expect(await (await get(`${bad}light_client/updates?start_period=900&count=3`)).json()).toEqual([]);
  });

  it('gives SSZ on request', async () => {
    const octets = { accept: 'application/octet-stream' };
    const single = await get('/eth/v1/beacon/light_client/finality_update', octets);
    const version = single.headers.get('eth-consensus-version') as keyof typeof LIGHT_TYPES;
    const update = LIGHT_TYPES[version].finalityUpdate.deserialize(
      new Uint8Array(await single.arrayBuffer()),
    );
    expect(update.finalizedHeader.beacon.slot).toBeGreaterThan(0);
    const many = await get('/eth/v1/beacon/light_client/updates?start_period=0&count=1', octets);
    const bytes = Buffer.from(await many.arrayBuffer());
    expect(bytes.readBigUInt64LE(0)).toBe(BigInt(bytes.length - 8));
  });

  it('streams events', async () => {
    const abort = new AbortController();
    const response = await fetch(`${service.url}/eth/v1/events?topics=head,finalized_checkpoint`, {
      signal: abort.signal,
    });
    let text = '';
    const decoder = new TextDecoder();
    const body = response.body as unknown as AsyncIterable<Uint8Array>;
    for await (const chunk of body) {
      text += decoder.decode(chunk);
      if (text.includes('event: finalized_checkpoint\n') && text.includes('event: head\n')) break;
    }
    abort.abort();
    expect((await get('/eth/v1/events?topics=nothing')).status).toBe(400);
  });

  it('makes faults on request', async () => {
    const post = (body: unknown) =>
      fetch(`${service.url}/devnet/faults`, { method: 'POST', body: JSON.stringify(body) });
    expect((await post({ participants: 33 })).status).toBe(400);
    expect((await post({ equivocate: true, skip: 2 })).status).toBe(200);
    await expect
      .poll(async () => ((await (await get('/devnet/equivocations')).json()) as unknown[]).length)
      .toBe(1);
    const { problem } = (await (await get('/devnet/status')).json()) as { problem: string | null };
    expect(problem).toBeNull();
  });

  it('follows a reorganisation that anvil makes', async () => {
    const before = service.node.chain.head.slot;
    await callNode(anvil, 'anvil_reorg', [3, []]);
    await expect
      .poll(() => service.node.chain.head.record.header.slot, { timeout: 90_000 })
      .toBeGreaterThan(before + 30);
    const slots = Array.from({ length: 40 }, (_, i) => before - 8 + i);
    expect(slots.some((slot) => service.node.chain.store.canonical(slot) === undefined)).toBe(true);
    expect(service.node.problem).toBeUndefined();
  });

  it('goes on after a restart, with what anvil mined meanwhile', async () => {
    const { slot } = service.node.chain.head;
    await service.close();
    await callNode(anvil, 'anvil_mine', ['0x3']);
    service = await serve();
    await expect.poll(() => service.node.chain.head.slot, { timeout: 90_000 }).toBeGreaterThan(slot + 5);
  });

  it('says that anvil does not answer, and goes on when it does', async () => {
    const { url } = anvil;
    await expect(
      startBeacon({ dataDir: join(dir, 'other'), execution: 'http://127.0.0.1:1', port: 0 }),
    ).rejects.toThrow(NodeCallError);
    await anvil.stop();
    await expect.poll(() => service.node.problem, { timeout: 90_000 }).toMatch(/no answer/);
    expect((await get('/eth/v1/node/health')).status).toBe(503);
    anvil = await launchAnvil({
      dataDir: join(dir, 'anvil'),
      port: Number(new URL(url).port),
      blockTime: 'never',
    });
    await expect.poll(() => service.node.problem, { timeout: 90_000 }).toBeUndefined();
  });
});
