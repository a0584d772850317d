import { expect, test } from 'vitest';
import { TransferType } from '../../proofs/containers/calls.js';
import { Method } from '../../proofs/containers/transaction.js';
import { World } from '../../test/mainchain/world.js';
import { readAccount } from '../contracts/token.js';

export function transferCall(to: Uint8Array, amount: bigint) {
  return { method: Method.transfer, payload: TransferType.serialize({ to, amount }) };
}

test('a transfer moves money and pays the producer', async () => {
  const world = await World.create();
  const to = new Uint8Array(20).fill(7);
  expect(await world.outcome(transferCall(to, 5n))).toBe('applied');
  const state = world.chain.stateAt(world.chain.head.root);
  expect(readAccount(state, to).balance).toBe(5n);
});
