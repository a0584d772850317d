import { beforeAll, describe, expect, it } from 'vitest';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { bitsAt, foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { medianTime } from '../../adapters/bitcoin/rules/medianTime.js';
import { addNetwork, bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { NetworkParametersType, periodStartHeight } from '../../adapters/bitcoin/rules/parameters.js';
import { requiredBits } from '../../adapters/bitcoin/rules/retarget.js';
import { mine } from '../../adapters/bitcoin/testing/samples.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { toBareHex, ZERO32 } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { MemoryStore } from '../../storage/memory.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { open } from '../../test/support/indexers/follow.js';

/** A network whose retarget period is longer than what the follower keeps below its tip. */
const NAME = 'bitcoin-of-sixteen-blocks';
const KEEP = 8;
const rules = {
  ...bitcoinNetwork('bitcoin-mainnet').rules,
  powLimitBits: 0x200fffff,
  targetSpacing: 10,
  targetTimespan: 160,
  bip34Height: 1,
  bip66Height: 1,
  bip65Height: 1,
};
const genesis = foreignHeader(mine({ parentHash: ZERO32, time: 1000, bits: rules.powLimitBits }), 0);
const checkpoint = { height: 0, hash: genesis.hash, work: 1n, periodStartTime: 0, periodStartBits: 0 };

class World extends FakeChain {
  override best: ForeignHeader[] = [genesis];
  override readonly all = new Map([[toBareHex(genesis.hash), genesis]]);

  /** A good header on the best chain, but for what is changed. */
  next(salt: number, change: { readonly time?: number; readonly bits?: number } = {}): void {
    const parent = this.tip;
    const height = parent.height + 1;
    const start = this.best[periodStartHeight(rules, parent.height)]!;
    const context = {
      height,
      parentTime: parent.time,
      parentBits: bitsAt(parent.raw),
      periodStartTime: start.time,
      periodStartBits: bitsAt(start.raw),
    };
    const time = change.time ?? parent.time + 9;
    const bits = change.bits ?? requiredBits(rules, context, time) ?? 0;
    const raw = mine({ parentHash: parent.hash, time, bits, merkleRoot: sha256d(Uint8Array.of(salt)) });
    const header = foreignHeader(raw, height);
    this.all.set(toBareHex(header.hash), header);
    this.best.push(header);
  }

  grow(count: number, salt = 0): void {
    for (let i = 0; i < count; i++) this.next(salt);
  }

  /** Another chain with the same headers up to a height. */
  leaving(height: number): World {
    const other = new World();
    for (const header of this.best.slice(1, height + 1)) {
      other.best.push(header);
      other.all.set(toBareHex(header.hash), header);
    }
    return other;
  }
}

/** Heights from 0, unlike those of the worlds of other tests. */
class WorldSource extends FakeSource {
  override headers = async (from: number, count: number) => this.world.best.slice(from, from + count);
}

const follow = (store: MemoryStore, worlds: readonly World[]) =>
  open(
    store,
    worlds.map((world, i) => new WorldSource(`s${i}`, world, NAME)),
    { kind: bitcoinKind, checkpoint, keep: KEEP },
  );

beforeAll(() => {
  const network = { ...bitcoinNetwork('bitcoin-regtest'), name: NAME, rules };
  addNetwork({
    ...network,
    parameters: NetworkParametersType.serialize(rules),
    genesisHash: genesis.hash,
    genesisHeader: genesis.raw,
  });
});

describe('a fork nearly as deep as what is kept', () => {
  it.each([false, true])('is judged by what is below, too (after a restart: %s)', async (restart) => {
    const ours = new World();
    ours.grow(43);
    // The period of its fork began at 32, below what is kept; its retarget is at 48.
    const theirs = ours.leaving(36);
    theirs.grow(14, 1);
    const store = new MemoryStore();
    let follower = await follow(store, [ours]);
    await follower.pollAll();
    expect(follower.status().height).toBe(43);
    if (restart) await follower.stop();
    follower = await follow(store, [ours, theirs]);
    await follower.pollAll();
    expect(await follower.evidence.list(NAME, 9)).toEqual([]);
    expect(follower.status()).toMatchObject({ height: 50, sources: [{ faults: 0 }, { faults: 0 }] });
  });

  it('has the median of eleven, not of those kept, and no wrong bits', async () => {
    const ours = new World();
    ours.grow(43);
    for (const [rule, change] of [
      ['time-too-old', { time: medianTime(ours.best.slice(26, 37).map((header) => header.time)) }],
      ['bad-diffbits', { bits: bitsAt(ours.best[36]!.raw) - 1 }],
    ] as const) {
      const theirs = ours.leaving(36);
      theirs.next(1, change);
      theirs.grow(13, 1);
      const follower = await follow(new MemoryStore(), [ours, theirs]);
      await follower.pollAll();
      expect(follower.status().height).toBe(43);
      const [evidence] = await follower.evidence.list(NAME, 9);
      expect(evidence).toMatchObject({ kind: 'invalid-header', source: 's1', height: 37 });
      expect(evidence?.message).toMatch(new RegExp(`^${rule}`));
    }
  });
});
