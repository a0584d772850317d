import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RotateKeyType } from '../../proofs/containers/calls.js';
import { Method } from '../../proofs/containers/transaction.js';
import { transferCall } from '../../test/mainchain/calls.js';
import { possession, seeded, World } from '../../test/mainchain/world.js';
import { AccountSigner } from '../crypto/account.js';
import { BlsSigner } from '../crypto/signer.js';
import { nextSet } from './delegates.js';
import { readAccount } from './token.js';

const view = (world: World) => world.chain.stateAt(world.chain.head.root);

test('fees go to the producer, refused calls pay too and change nothing else', async () => {
  const world = await World.create();
  const to = new Uint8Array(20).fill(1);
  const before = readAccount(view(world), world.user.account);
  const built = await world.produce({ transactions: [world.transaction(transferCall(to, 10n ** 18n))] });
  const [receipt] = world.chain.receipts(built.root)!;
  expect(receipt).toMatchObject({
    applied: 0,
    error: new TextEncoder().encode('insufficient-balance'),
    fee: 38n,
  });
  expect(readAccount(view(world), world.user.account)).toEqual({ nonce: 1, balance: before.balance - 38n });
  expect(readAccount(view(world), to)).toEqual({ nonce: 0, balance: 0n });
  const producer = world.delegates[built.header.producer]!.account.account;
  expect(readAccount(view(world), producer).balance).toBe(10n ** 9n + 38n);
  expect(await world.outcome({ method: 999, payload: new Uint8Array(0) })).toBe('unknown-method');
  expect(await world.outcome({ method: Method.transfer, payload: new Uint8Array(27) })).toBe(
    'malformed-call',
  );
  expect(await world.outcome(transferCall(world.user.account, 5n))).toBe('applied');
});

test('random payloads of every method are refused, never an exception', async () => {
  const world = await World.create();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.uint8Array({ maxLength: 400 }),
      async (method, payload) => {
        expect(await world.outcome({ method, payload })).toMatch(/^[a-z:-]+$/);
      },
    ),
    { numRuns: 60 },
  );
});

test('what cannot be in a block is left out, with its reason', async () => {
  const world = await World.create();
  const to = new Uint8Array(20).fill(1);
  const call = transferCall(to, 1n);
  const poor = AccountSigner.fromSecret(seeded('poor'));
  const good = world.transaction(call);
  const wrongChain = world.user.sign({ ...good.transaction }, new Uint8Array(32));
  const highS = { ...good, signature: good.signature.slice() };
  highS.signature[64]! ^= 1;
  const transactions = [
    world.transaction(call, { nonce: 1 }),
    world.transaction(call, { fee: 37n }),
    world.transaction(call, { from: poor }),
    world.transaction(call, { mark: new Uint8Array(8) }),
    wrongChain,
    highS,
    good,
    good,
  ];
  const built = await world.produce({ transactions });
  expect(built.dropped.map((d) => d.reason)).toEqual([
    'nonce-too-high',
    'fee-too-low',
    'cannot-pay-fee',
    'bad-mark',
    'bad-signature',
    'bad-signature',
    'nonce-too-low',
  ]);
  expect(world.chain.receipts(built.root)).toHaveLength(1);
});

test('a mark is good for 64 blocks', async () => {
  const world = await World.create();
  const signed = world.transaction(transferCall(new Uint8Array(20), 1n));
  for (let i = 0; i < 63; i++) await world.produce();
  expect((await world.build({ transactions: [signed] })).dropped).toEqual([]);
  await world.produce();
  expect((await world.build({ transactions: [signed] })).dropped[0]!.reason).toBe('bad-mark');
});

test('keys for the next term', async () => {
  const world = await World.create({ genesis: { termBlocks: 9 } });
  const fresh = BlsSigner.fromSeed(seeded('fresh'));
  const rotate = (key: BlsSigner, proof = possession(key)) => ({
    method: Method.rotateKey,
    payload: RotateKeyType.serialize({ blsKey: key.publicKey, proofOfPossession: proof }),
  });
  const [first, second] = world.delegates;
  expect(await world.outcome(rotate(fresh))).toBe('not-a-delegate');
  expect(await world.outcome(rotate(fresh, possession(first!.keys[0]!)), first!.account)).toBe(
    'bad-possession',
  );
  expect(await world.outcome(rotate(second!.keys[0]!), first!.account)).toBe('key-in-use');
  const old = world.chain.head.header.nextSetRoot;
  expect(await world.outcome(rotate(fresh), first!.account)).toBe('applied');
  expect(nextSet(view(world))[0]!.blsKey).toEqual(fresh.publicKey);
  expect(world.chain.head.header.nextSetRoot).not.toEqual(old);
  expect(world.chain.head.header.setRoot).toEqual(old);
  expect(await world.outcome(rotate(fresh), second!.account)).toBe('key-in-use');
  while (world.chain.head.header.height < 7) await world.produce();
  expect(await world.outcome(rotate(BlsSigner.fromSeed(seeded('late'))), first!.account)).toBe('set-frozen');
});
