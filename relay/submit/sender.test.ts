import { expect, test } from 'vitest';
import { AccountSigner } from '../../mainchain/crypto/account.js';
import { ZERO32 } from '../../proofs/bytes.js';
import { type SignedTransaction, TransactionType } from '../../proofs/containers/transaction.js';
import { TransactionLostError } from './errors.js';
import { MARK_LIFETIME, type SenderClient, TransactionSender } from './sender.js';

const operator = AccountSigner.fromSecret(new Uint8Array(32).fill(7));

/** A main chain whose blocks take what pays `price` times the least fee; it makes a block at each look. */
function market(price: bigint, balance = 10n ** 9n) {
  let height = 0;
  let nonce = 0;
  const offered: bigint[] = [];
  const taken = new Map<string, SignedTransaction>();
  const idOf = (root: Uint8Array) => Buffer.from(root).toString('hex');
  const ref = { height: 0, root: ZERO32 };
  const client = {
    status: async () => ({ genesisRoot: ZERO32, head: { height: ++height, root: ZERO32, slot: height } }),
    account: async () => ({ nonce, balance }),
    fee: async () => 100n,
    mark: async () => new Uint8Array(8),
    async send(signed: SignedTransaction) {
      const { fee } = signed.transaction;
      const root = TransactionType.hashTreeRoot(signed.transaction);
      if (offered.at(-1) !== fee) offered.push(fee);
      if (fee >= 100n * price && !taken.has(idOf(root))) {
        taken.set(idOf(root), signed);
        nonce++;
      }
      return root;
    },
    async transaction(root: Uint8Array) {
      const found = taken.get(idOf(root));
      if (found === undefined) return { status: 'unknown' as const };
      const receipt = {
        transactionRoot: root,
        applied: 1,
        error: new Uint8Array(),
        fee: found.transaction.fee,
      };
      return { status: 'included' as const, block: ref, receipt };
    },
  } as unknown as SenderClient;
  return { client, offered };
}

function sender(client: SenderClient) {
  let expired = 0;
  let now = 0;
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const onExpired = () => {
    expired++;
  };
  return { sender: new TransactionSender({ client, operator, clock, onExpired }), expired: () => expired };
}

test('a transaction that no block takes is built again with twice the fee, until one does', async () => {
  const { client, offered } = market(4n);
  const { sender: one, expired } = sender(client);
  const { fee } = await one.submit(1, new Uint8Array());
  expect(fee).toBe(400n);
  expect(offered).toEqual([100n, 200n, 400n]);
  expect(expired()).toBe(2);
  // The market is quiet again: so is the fee.
  const quiet = market(1n);
  const { sender: two } = sender(quiet.client);
  await two.submit(1, new Uint8Array());
  expect(quiet.offered).toEqual([100n]);
});

test('what it learnt of the price outlives one step, and has an end', async () => {
  const { client, offered } = market(1000n);
  const { sender: one } = sender(client);
  for (let step = 0; step < 4; step++)
    await expect(one.submit(1, new Uint8Array())).rejects.toBeInstanceOf(TransactionLostError);
  expect(offered).toEqual([100n, 200n, 400n, 800n, 1600n, 3200n, 6400n]);
  expect(MARK_LIFETIME).toBe(64);
});

test('an account that cannot pay more pays the least fee', async () => {
  const { client, offered } = market(4n, 150n);
  const { sender: one } = sender(client);
  await expect(one.submit(1, new Uint8Array())).rejects.toBeInstanceOf(TransactionLostError);
  expect(offered).toEqual([100n]);
});
