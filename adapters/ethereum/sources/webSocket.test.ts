import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startAnvil, type TestAnvil } from '../../../test/fixtures/ethereum/anvil.js';
import { type Cuttable, startCuttable } from '../../../test/support/cuttable.js';
import { until } from '../../../test/support/indexers/follow.js';
import { SourceUnavailableError } from '../../errors.js';
import { EthereumRpcSource } from './jsonRpc.js';

let anvil: TestAnvil;
let wire: Cuttable;
let source: EthereumRpcSource;
beforeAll(async () => {
  anvil = await startAnvil();
  wire = await startCuttable(Number(new URL(anvil.url).port));
});
afterEach(async () => {
  wire.down = false;
  await source.close();
});
afterAll(async () => {
  await wire.close();
  await anvil.stop();
});

function open(options = {}) {
  source = new EthereumRpcSource({
    chain: 'ethereum-local',
    url: `ws://user:secret@127.0.0.1:${wire.port}/?key=KEY`,
    timeoutMs: 1000,
    ...options,
  });
  return source;
}

it('uses one socket for all, and another once that was cut', async () => {
  const before = wire.connections;
  const ws = open();
  await anvil.call('anvil_mine', ['0x14']);
  expect(await ws.headers(1, 20)).toHaveLength(20);
  await Promise.all([ws.tip(), ws.safe(), ws.finalized()]);
  expect(wire.connections - before).toBe(1);
  wire.cut();
  // Until the cut is noticed, a call may still be caught by it.
  await expect.poll(() => ws.tip().catch(() => undefined)).toBeDefined();
  expect(wire.connections - before).toBe(2);
});

it('is unavailable while the connection is, and tells no secret', async () => {
  const ws = open();
  await ws.tip();
  wire.down = true;
  wire.cut();
  for (let i = 0; i < 3; i++) {
    const error = await ws.tip().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceUnavailableError);
    expect(`${error} ${JSON.stringify(error)}`).not.toMatch(/secret|KEY/);
  }
  wire.down = false;
  await expect.poll(() => ws.tip().catch(() => undefined)).toBeDefined();
});

it('a request that the cut caught fails at once', async () => {
  const ws = open({ timeoutMs: 20_000 });
  await ws.tip();
  const started = Date.now();
  const answers = Promise.allSettled([ws.headers(1, 20), ws.tip()]);
  wire.cut();
  for (const answer of await answers)
    if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(SourceUnavailableError);
  expect(Date.now() - started).toBeLessThan(5000);
});

it('listens again after a cut, and tells once for what it missed', async () => {
  const ws = open();
  let told = 0;
  const end = ws.subscribe(() => told++);
  await until(() => told === 1);
  await anvil.call('anvil_mine', ['0x1']);
  await until(() => told === 2);
  wire.down = true;
  wire.cut();
  await anvil.call('anvil_mine', ['0x1']);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told).toBe(2);
  wire.down = false;
  await until(() => told === 3);
  await anvil.call('anvil_mine', ['0x1']);
  await until(() => told === 4);
  end();
  await anvil.call('anvil_mine', ['0x1']);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told).toBe(4);
});

it('nobody there: unavailable', async () => {
  source = new EthereumRpcSource({ chain: 'ethereum-local', url: 'ws://127.0.0.1:9', timeoutMs: 500 });
  await expect(source.tip()).rejects.toThrow(SourceUnavailableError);
  let told = 0;
  source.subscribe(() => told++);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told).toBe(0);
});
