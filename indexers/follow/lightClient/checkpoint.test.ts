import { describe, expect, it } from 'vitest';
import { SourceUnavailableError } from '../../../adapters/errors.js';
import type { CheckpointProvider, NamedBlock } from '../../../adapters/ethereum/sources/beacon/source.js';
import { toHex } from '../../../proofs/bytes.js';
import { LOCAL } from '../../../test/support/beacon.js';
import { agreeOnCheckpoint, defaultQuorum } from './checkpoint.js';

const root = (slot: number, branch = 0) => new Uint8Array(32).fill(slot).fill(branch, 0, 1);

/** A provider on a branch, whose newest finalized block is at a slot. */
function provider(
  name: string,
  finalized: number,
  branch = 0,
  more: Partial<CheckpointProvider> = {},
): CheckpointProvider {
  const at = (slot: number): NamedBlock => ({ slot, root: root(slot, branch) });
  return {
    name,
    network: LOCAL,
    check: async () => undefined,
    finalizedBlock: async () => at(finalized),
    blockAt: async (slot) => at(slot),
    close: async () => undefined,
    ...more,
  };
}
const down = (name: string) =>
  provider(name, 0, 0, {
    check: async () => {
      throw new SourceUnavailableError(name, 'cannot be reached (ECONNREFUSED)');
    },
  });

describe('checkpoint providers', () => {
  it('that agree name one block', async () => {
    const agreed = await agreeOnCheckpoint([provider('a', 64), provider('b', 64), provider('c', 64)], 2);
    expect(agreed).toEqual({ slot: 64, root: root(64), agreeing: ['a', 'b', 'c'], others: [] });
  });

  it('of which one is ahead agree on the newest block that enough have', async () => {
    const agreed = await agreeOnCheckpoint([provider('a', 96), provider('b', 64), provider('c', 32)], 2);
    expect(agreed).toMatchObject({
      slot: 64,
      agreeing: ['a', 'b'],
      others: ['c has finalized slot 32 only'],
    });
  });

  it('of which one lies are outvoted, and the liar is named', async () => {
    const agreed = await agreeOnCheckpoint(
      [provider('a', 64), provider('liar', 64, 9), provider('c', 64)],
      2,
    );
    expect(agreed).toMatchObject({ agreeing: ['a', 'c'], root: root(64) });
    expect(agreed.others).toEqual([`liar has ${toHex(root(64, 9))} at slot 64`]);
  });

  it('of which one is down are enough, or not', async () => {
    const agreed = await agreeOnCheckpoint([provider('a', 64), down('b'), provider('c', 64)], 2);
    expect(agreed.others).toEqual(['b: cannot be reached (ECONNREFUSED)']);
    await expect(agreeOnCheckpoint([provider('a', 64), down('b'), down('c')], 2)).rejects.toMatchObject({
      name: 'CheckpointDisagreementError',
      needed: 2,
    });
  });

  it('that disagree are refused with what each said', async () => {
    const error = await agreeOnCheckpoint([provider('a', 64), provider('b', 64, 9)], 2).catch(String);
    expect(error).toMatch(
      /CheckpointDisagreementError: ethereum-local: fewer than 2 .* a has 0x00404.* b has 0x0940/,
    );
  });

  it('whose block is empty at the other’s slot do not agree', async () => {
    const skipping = provider('b', 96, 0, { blockAt: async () => undefined });
    const error = await agreeOnCheckpoint([provider('a', 64), skipping], 2).catch(String);
    expect(error).toMatch(/b has no block at slot 64/);
  });

  it('one alone, or fewer than half, are never enough', async () => {
    await expect(agreeOnCheckpoint([provider('a', 64)], 1)).rejects.toThrow(RangeError);
    const four = ['a', 'b', 'c', 'd'].map((name) => provider(name, 64));
    await expect(agreeOnCheckpoint(four, 2)).rejects.toThrow(RangeError);
    await expect(agreeOnCheckpoint(four, 5)).rejects.toThrow(RangeError);
    expect([1, 2, 3, 4, 5].map(defaultQuorum)).toEqual([2, 2, 2, 3, 3]);
  });
});
