import { expect, test, vi } from 'vitest';
import type { SignedTransaction } from '../../proofs/containers/transaction.js';
import { transferCall } from '../../test/mainchain/calls.js';
import { World } from '../../test/mainchain/world.js';
import { transactionRoot } from '../transactions.js';
import { DEFAULT_POOL_LIMITS, type PoolLimits, TransactionPool } from './pool.js';

const call = transferCall(new Uint8Array(20).fill(7), 1n);

const limits = (change: Partial<PoolLimits>): PoolLimits => ({ ...DEFAULT_POOL_LIMITS, ...change });

/** `added`, `known`, or the refusal's reason. */
function outcome(world: World, pool: TransactionPool, signed: SignedTransaction): string {
  const verdict = pool.offer(signed, world.chain.head.root);
  return verdict.status === 'refused' ? verdict.reason : verdict.status;
}

test('best fee first, each sender in nonce order', async () => {
  const world = await World.create();
  const pool = new TransactionPool(world.chain);
  const [a, b] = world.delegates.map((d) => d.account);
  const a0 = world.transaction(call, { from: a!, fee: 50n });
  const a1 = world.transaction(call, { from: a!, fee: 900n, nonce: 1 });
  const a3 = world.transaction(call, { from: a!, fee: 40n, nonce: 3 });
  const b0 = world.transaction(call, { from: b!, fee: 60n });
  for (const t of [a3, a1, a0, b0]) expect(outcome(world, pool, t)).toBe('added');
  expect(pool.candidates()).toEqual([b0, a0, a1, a3]);
  expect(pool.nextNonce(a!.account, 0)).toBe(4);
  expect(pool.nextNonce(world.user.account, 7)).toBe(7);
  const built = await world.produce({ transactions: pool.candidates() });
  expect(built.dropped).toMatchObject([{ reason: 'nonce-too-high', retryable: true }]);
  pool.clean(built.root);
  expect(pool.candidates()).toEqual([a3]);
});

test('each refusal has its reason', async () => {
  const world = await World.create();
  const pool = new TransactionPool(world.chain, limits({ perSender: 2 }));
  await world.produce({ transactions: [world.transaction(call)] });
  const good = world.transaction(call, { fee: 100n });
  const forged = { ...good, signature: good.signature.slice() };
  forged.signature[3]! ^= 1;
  const attempt = (options: Parameters<World['transaction']>[1]) =>
    outcome(world, pool, world.transaction(call, options));
  expect(pool.offer(forged, world.chain.head.root)).toMatchObject({ reason: 'bad-signature', fault: true });
  expect(attempt({ nonce: 0 })).toBe('nonce-too-low');
  expect(attempt({ nonce: 3 })).toBe('nonce-too-high');
  expect(attempt({ fee: 37n })).toBe('fee-too-low');
  expect(attempt({ fee: 10n ** 16n })).toBe('cannot-pay-fee');
  expect(attempt({ mark: new Uint8Array(8) })).toBe('bad-mark');
  expect(outcome(world, pool, good)).toBe('added');
  expect(outcome(world, pool, good)).toBe('known');
  expect(attempt({ fee: 109n })).toBe('nonce-taken');
  expect(attempt({ fee: 110n })).toBe('added');
  expect(pool.has(transactionRoot(good.transaction))).toBe(false);
  expect(pool.size).toBe(1);
});

test('a full pool drops what pays least', async () => {
  const world = await World.create();
  const pool = new TransactionPool(world.chain, limits({ transactions: 2 }));
  const [a, b, c] = world.delegates.map((d) => d.account);
  const cheap = world.transaction(call, { from: a!, fee: 40n });
  expect(outcome(world, pool, cheap)).toBe('added');
  expect(outcome(world, pool, world.transaction(call, { from: b!, fee: 60n }))).toBe('added');
  expect(outcome(world, pool, world.transaction(call, { from: c!, fee: 40n }))).toBe('pool-full');
  expect(outcome(world, pool, world.transaction(call, { from: c!, fee: 50n }))).toBe('added');
  expect(pool.has(transactionRoot(cheap.transaction))).toBe(false);
  expect(pool.size).toBe(2);
  const small = new TransactionPool(world.chain, limits({ bytes: 30 }));
  expect(outcome(world, small, cheap)).toBe('added');
  expect(outcome(world, small, world.transaction(call, { from: c!, fee: 40n }))).toBe('pool-full');
  small.remove(transactionRoot(cheap.transaction));
  expect(small.size).toBe(0);
});

test('marks expire in the pool too', async () => {
  const world = await World.create();
  const pool = new TransactionPool(world.chain);
  expect(outcome(world, pool, world.transaction(call))).toBe('added');
  for (let i = 0; i < 64; i++) await world.produce();
  pool.clean(world.chain.head.root);
  expect(pool.size).toBe(0);
});

test('a full pool turns away what pays less without sorting itself: nobody has signed it', async () => {
  const world = await World.create();
  const pool = new TransactionPool(world.chain, limits({ transactions: 20 }));
  for (let nonce = 0; nonce < 20; nonce++)
    expect(outcome(world, pool, world.transaction(call, { nonce, fee: 100n + BigInt(nonce) }))).toBe('added');
  const cheap = world.transaction(call, { from: world.delegates[0]!.account, fee: 60n });
  const sort = vi.spyOn(Array.prototype, 'sort');
  for (let i = 0; i < 30; i++) expect(outcome(world, pool, cheap)).toBe('pool-full');
  expect(sort).not.toHaveBeenCalled();
  sort.mockRestore();
});
