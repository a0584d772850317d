import { describe, expect, it } from 'vitest';
import { SourceFaultError, SourceUnavailableError } from '../../../adapters/errors.js';
import type { Source, SourceTip } from '../../../adapters/source.js';
import { toHex } from '../../../proofs/bytes.js';
import { MemoryStore } from '../../../storage/memory.js';
import { fakeCheckpoint, fakeKind } from '../../../test/support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../../../test/support/indexers/fakeSource.js';
import { NOW } from '../../../test/support/indexers/follow.js';
import { EmbeddedLog } from '../../log/embedded.js';
import { Follower } from '../follower.js';
import { SyncCommitteeSource } from './source.js';

const CHAIN = 'fake-attested';

/** A chain of twenty blocks of which the light client knows number 115 to be final. */
function world() {
  const chain = new FakeChain();
  chain.mine(20);
  const view = { at: 115 as number | undefined };
  const block = (): SourceTip | undefined =>
    view.at === undefined ? undefined : { height: view.at, hash: chain.best[view.at - 100]!.hash };
  // The node's own word on finality is never asked for.
  chain.finalizedHeight = 119;
  return { chain, view, finality: { finalized: () => ({ execution: block() }) } };
}

function follow(sources: readonly Source[]): Promise<Follower> {
  const store = new MemoryStore();
  return Follower.open({
    chain: CHAIN,
    kind: fakeKind,
    checkpoint: fakeCheckpoint,
    sources,
    log: new EmbeddedLog(store),
    store,
    now: () => NOW,
  });
}

describe('an execution node under a light client', () => {
  it('is followed; what is final is what the light client says', async () => {
    const { chain, view, finality } = world();
    view.at = undefined;
    const follower = await follow([new SyncCommitteeSource(new FakeSource('a', chain, CHAIN), finality)]);
    await follower.pollAll();
    expect(follower.status()).toMatchObject({ height: 120, finalizedHeight: undefined, healthy: true });
    view.at = 115;
    await follower.pollAll();
    expect(follower.status()).toMatchObject({ height: 120, finalizedHeight: 115 });
  });

  it('that is on another chain is at fault before a header of it is taken, and another one leads', async () => {
    const { chain, finality } = world();
    const fork = new FakeChain();
    fork.mine(10);
    const liar = new SyncCommitteeSource(new FakeSource('liar', fork, CHAIN), finality);
    const honest = new SyncCommitteeSource(new FakeSource('honest', chain, CHAIN), finality);
    fork.fork(0, 30);
    const follower = await follow([liar, honest]);
    await follower.pollAll();
    await follower.pollAll();
    expect(follower.status()).toMatchObject({ height: 120, finalizedHeight: 115 });
    expect(follower.status().sources.map(({ name, faults }) => [name, faults > 0])).toEqual([
      ['liar', true],
      ['honest', false],
    ]);
    const [evidence] = await follower.evidence.list(CHAIN, 1);
    expect(evidence).toMatchObject({ kind: 'source-fault', source: 'liar', height: 115 });
    expect(evidence?.message).toContain(`where the sync committee finalized ${toHex(chain.best[15]!.hash)}`);
  });

  it('that claims a higher head without the final block is at fault', async () => {
    const { chain, finality } = world();
    const node = new FakeSource('a', chain, CHAIN);
    node.tamper = (run) => run.filter(({ height }) => height < 115);
    const source = new SyncCommitteeSource(node, finality);
    await expect(source.finalized()).rejects.toThrow(
      /names 120 as its tip, but does not have the finalized block 115/,
    );
    await expect(source.tip()).rejects.toBeInstanceOf(SourceFaultError);
  });

  it('that has not got so far is only behind', async () => {
    const { chain, finality } = world();
    const node = new FakeSource('a', chain, CHAIN);
    node.lag = 8;
    const source = new SyncCommitteeSource(node, finality);
    expect((await source.tip()).height).toBe(112);
    await expect(source.finalized()).rejects.toBeInstanceOf(SourceUnavailableError);
    await expect(source.finalized()).rejects.toThrow(/is at 112, below the finalized block 115/);
    node.lag = 0;
    expect((await source.finalized())?.height).toBe(115);
  });

  it('that changes to the final branch between two answers is not blamed', async () => {
    const { chain, finality } = world();
    const node = new FakeSource('a', chain, CHAIN);
    let calls = 0;
    node.tamper = (run) => (calls++ === 0 ? [] : run);
    expect((await new SyncCommitteeSource(node, finality).finalized())?.height).toBe(115);
  });

  it('is asked for a final block once', async () => {
    const { chain, finality, view } = world();
    const node = new FakeSource('a', chain, CHAIN);
    const source = new SyncCommitteeSource(node, finality);
    await source.finalized();
    const { calls } = node;
    await source.finalized();
    expect(node.calls).toBe(calls);
    view.at = 116;
    await source.finalized();
    expect(node.calls).toBeGreaterThan(calls);
  });

  it('offers what the node offers, but not its word on what is safe', () => {
    const { chain, finality } = world();
    const node: Source = Object.assign(new FakeSource('a', chain, CHAIN), {
      parallelRanges: 3,
      safe: async () => chain.tip,
      code: async () => Uint8Array.of(1),
    });
    const source: Source = new SyncCommitteeSource(node, finality);
    expect(source).toMatchObject({ name: 'a', chain: CHAIN, parallelRanges: 3 });
    expect(source.code).toBeDefined();
    expect(source.proof).toBeUndefined();
    expect(source.subscribe).toBeUndefined();
    expect(source.safe).toBeUndefined();
  });
});
