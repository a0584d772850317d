import { expect, test } from 'vitest';
import { transferCall } from '../../test/mainchain/calls.js';
import { World } from '../../test/mainchain/world.js';
import { transactionRoot } from '../transactions.js';
import { PoolRefusedError, TransactionPool } from './pool.js';

const call = transferCall(new Uint8Array(20).fill(7), 1n);

function reasonOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof PoolRefusedError) return error.reason;
    throw error;
  }
}

test('best fee first, each sender in nonce order, gaps wait', async () => {
  const world = await World.create();
  const pool = new TransactionPool(world.chain);
  const [a, b] = world.delegates.map((d) => d.account);
  const a0 = world.transaction(call, { from: a!, fee: 50n });
  const a1 = world.transaction(call, { from: a!, fee: 900n, nonce: 1 });
  const a3 = world.transaction(call, { from: a!, fee: 900n, nonce: 3 });
  const b0 = world.transaction(call, { from: b!, fee: 60n });
  for (const t of [a3, a1, a0, b0]) pool.add(t);
  expect(pool.select()).toEqual([b0, a0, a1]);
  expect(pool.select(2)).toEqual([b0, a0]);
  await world.produce({ transactions: pool.select() });
  pool.update();
  expect(pool.all()).toEqual([a3]);
  expect(pool.select()).toEqual([]);
  pool.add(world.transaction(call, { from: a!, nonce: 2 }));
  expect(pool.select()).toHaveLength(2);
});

test('each refusal has its reason', async () => {
  const world = await World.create();
  const pool = new TransactionPool(world.chain, { perSender: 2 });
  await world.produce({ transactions: [world.transaction(call)] });
  const good = world.transaction(call, { fee: 100n });
  const forged = { ...good, signature: good.signature.slice() };
  forged.signature[3]! ^= 1;
  const attempt = (options: Parameters<World['transaction']>[1]) =>
    reasonOf(() => pool.add(world.transaction(call, options)));
  expect(reasonOf(() => pool.add(forged))).toBe('bad-signature');
  expect(attempt({ nonce: 0 })).toBe('nonce-too-low');
  expect(attempt({ nonce: 3 })).toBe('nonce-too-high');
  expect(attempt({ fee: 37n })).toBe('fee-too-low');
  expect(attempt({ fee: 10n ** 16n })).toBe('cannot-pay-fee');
  expect(attempt({ mark: new Uint8Array(8) })).toBe('bad-mark');
  expect(pool.add(good)).toEqual(transactionRoot(good.transaction));
  expect(pool.add(good)).toEqual(transactionRoot(good.transaction));
  expect(pool.size).toBe(1);
  expect(attempt({ fee: 109n })).toBe('underpriced-replacement');
  expect(attempt({ fee: 110n })).toBe('accepted');
  expect(pool.has(transactionRoot(good.transaction))).toBe(false);
  expect(pool.size).toBe(1);
});

test('a full pool drops what pays least', async () => {
  const world = await World.create();
  const pool = new TransactionPool(world.chain, { count: 2 });
  const [a, b, c] = world.delegates.map((d) => d.account);
  const cheap = world.transaction(call, { from: a!, fee: 40n });
  pool.add(cheap);
  pool.add(world.transaction(call, { from: b!, fee: 60n }));
  expect(reasonOf(() => pool.add(world.transaction(call, { from: c!, fee: 40n })))).toBe('pool-full');
  pool.add(world.transaction(call, { from: c!, fee: 50n }));
  expect(pool.has(transactionRoot(cheap.transaction))).toBe(false);
  expect(pool.size).toBe(2);
  const small = new TransactionPool(world.chain, { bytes: 30 });
  small.add(cheap);
  expect(reasonOf(() => small.add(world.transaction(call, { from: c!, fee: 40n })))).toBe('pool-full');
  small.remove(transactionRoot(cheap.transaction));
  expect(small.size).toBe(0);
});

test('marks expire in the pool too', async () => {
  const world = await World.create();
  const pool = new TransactionPool(world.chain);
  pool.add(world.transaction(call));
  for (let i = 0; i < 64; i++) await world.produce();
  pool.update();
  expect(pool.size).toBe(0);
});
