import { describe, expect, it } from 'vitest';
import { beaconRoot } from '../../../adapters/ethereum/consensus/header.js';
import type { LightClientUpdate } from '../../../adapters/ethereum/consensus/types.js';
import { blstBls } from '../../../mainchain/crypto/blst.js';
import { sha256 } from '../../../proofs/hash/hasher.js';
import { MemoryStore } from '../../../storage/memory.js';
import { FakeBeacon, forkingNetwork as network } from '../../../test/fixtures/beacon.js';
import { FinalityContradictionError } from './errors.js';
import { VerifiedChain } from './verified.js';

const honest = new FakeBeacon();
/** The same committees on another branch from slot 70 on. */
const other = new FakeBeacon(network, (slot) => ({
  blockNumber: slot,
  blockHash: sha256(Uint8Array.of(slot & 255, slot < 70 ? 0 : 99)),
}));
const ALWAYS = Number.POSITIVE_INFINITY;

async function begun() {
  const trustedRoot = beaconRoot(honest.header(64).beacon);
  const chain = new VerifiedChain({ network, trustedRoot, store: new MemoryStore(), bls: blstBls });
  const client = await chain.begin({ fork: 'deneb', data: honest.bootstrap(64) });
  const take = (data: LightClientUpdate) => chain.takeFinality(client, { fork: 'deneb', data }, ALWAYS);
  expect(await take(honest.update({ attested: 90, finalized: 80 }))).toBe(true);
  return { client, take };
}

describe('another block at the slot that is final', () => {
  it('as well signed is a contradiction, and changes nothing', async () => {
    const { client, take } = await begun();
    const before = client.finalized;
    await expect(take(other.update({ attested: 92, finalized: 80 }))).rejects.toThrow(
      FinalityContradictionError,
    );
    expect(client.finalized).toEqual(before);
  });

  it('signed by fewer than two thirds of the committee is none', async () => {
    const { client, take } = await begun();
    const before = client.finalized;
    for (const signed of [1, 21]) {
      const absent = [...Array(32 - signed).keys()];
      expect(await take(other.update({ attested: 92, finalized: 80, absent }))).toBe(false);
    }
    expect(client.finalized).toEqual(before);
    await expect(
      take(other.update({ attested: 93, finalized: 80, absent: [...Array(10).keys()] })),
    ).rejects.toThrow(FinalityContradictionError);
  });

  it('with a signature that does not hold is refused like any other', async () => {
    const { take } = await begun();
    const good = other.update({ attested: 92, finalized: 80 });
    const { syncAggregate } = honest.update({ attested: 92, finalized: 80 });
    await expect(take({ ...good, syncAggregate })).rejects.toThrow('invalid-signature');
  });
});
