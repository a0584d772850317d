import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { nobleBls } from '../../proofs/bls/bls.js';
import { toHex } from '../../proofs/bytes.js';
import { VoteDataType } from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { verifyEvidence } from '../../proofs/verify/evidence.js';
import { LevelStore } from '../../storage/level.js';
import { Cluster } from '../../test/mainchain/cluster.js';
import { LocalClient } from '../rpc/local.js';

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

describe('four nodes over loopback sockets', () => {
  it('finalise, go on with three, stall with two, recover, and catch up', async () => {
    cluster = await Cluster.start({ nodes: 4, slotMilliseconds: 100 });
    await cluster.until(() => cluster!.finalized() >= 5, 'finality of height 5');
    await cluster.stopNode(3);
    const three = cluster.finalized();
    await cluster.until(() => cluster!.finalized() >= three + 4, 'finality with three of four');
    await cluster.stopNode(2);
    const blocks = async (count: number) => {
      const { height } = cluster!.node(0).core.engine.head;
      await cluster!.until(() => cluster!.node(0).core.engine.head.height >= height + count, 'blocks of two');
    };
    await blocks(3);
    const two = cluster.finalized();
    await blocks(8);
    expect(cluster.finalized()).toBeLessThanOrEqual(two + 1);
    await cluster.startNode(2);
    await cluster.until(() => cluster!.finalized() >= two + 6, 'recovery');
    await cluster.startNode(3);
    await cluster.until(() => cluster!.node(3).core.engine.finalized.height >= two + 8, 'catching up');
    const { height } = cluster.node(3).core.engine.finalized;
    for (const i of [0, 1, 2]) {
      await cluster.until(() => cluster!.node(i).core.engine.finalized.height >= height, 'the same height');
      expect(toHex(cluster.node(i).core.chain.rootAt(height)!)).toBe(
        toHex(cluster.node(3).core.chain.rootAt(height)!),
      );
    }
    expect(cluster.evidence).toEqual([]);
  });
});

describe('a killed network', () => {
  it('goes on after all four died at once, from what their disks hold', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'crossroot-net-'));
    const stores: LevelStore[] = [];
    cluster = await Cluster.start({
      nodes: 4,
      slotMilliseconds: 150,
      store: async (i) => {
        const store = await LevelStore.open(join(folder, String(i)));
        stores[i] = store;
        return store;
      },
    });
    for (let round = 0; round < 2; round++) {
      const before = cluster.finalized();
      await cluster.until(() => cluster!.finalized() >= before + 4, `finality, round ${round}`);
      const targets = cluster.running.map((n) => n.journal.state.target.height);
      cluster.kill();
      await Promise.all([0, 1, 2, 3].map((i) => cluster!.startNode(i)));
      expect(cluster.running.map((n) => n.journal.state.target.height >= targets[0]! - 1)).toEqual([
        true,
        true,
        true,
        true,
      ]);
    }
    const before = cluster.finalized();
    await cluster.until(() => cluster!.finalized() >= before + 4, 'finality after the last kill');
    expect(cluster.evidence).toEqual([]);
    await cluster.stop();
    await Promise.all(stores.map((s) => s.close()));
    await rm(folder, { recursive: true });
  });
});

describe('a restored backup', () => {
  it('abstains until it knows that it cannot vote twice', async () => {
    cluster = await Cluster.start({ nodes: 4, slotMilliseconds: 100 });
    await cluster.until(() => cluster!.finalized() >= 3, 'finality');
    await cluster.stopNode(3);
    await cluster.backup(3);
    await cluster.startNode(3);
    await cluster.until(() => cluster!.node(3).lock?.voting === true, 'the vote of node 3');
    const height = cluster.finalized();
    await cluster.until(() => cluster!.finalized() >= height + 6, 'more finality');
    const voted = cluster.node(3).journal.state.target.height;
    await cluster.stopNode(3);
    await cluster.restore(3);
    await cluster.startNode(3);
    expect(cluster.node(3).journal.state.target.height).toBeLessThan(voted);
    expect(cluster.node(3).lock?.voting).toBe(false);
    await cluster.until(() => cluster!.node(3).lock?.voting === true, 'the restored node’s votes');
    expect(cluster.node(3).journal.state.floor).toBeGreaterThanOrEqual(voted);
    await cluster.until(() => cluster!.node(3).journal.state.target.height > voted, 'a vote for more');
    expect(cluster.evidence).toEqual([]);
  });
});

describe('a delegate that signs twice', () => {
  it('is caught by every node, with evidence that RPC serves', async () => {
    cluster = await Cluster.start({ nodes: 4, slotMilliseconds: 100 });
    await cluster.until(() => cluster!.finalized() >= 2, 'finality');
    const node = cluster.node(3);
    const { head, justified } = node.core.engine;
    const signer = cluster.keys[3]!.bls(cluster.genesis.delegates[3]!.delegate.blsKey)!;
    const { genesisRoot } = node.core.chain;
    for (const salt of [1, 2]) {
      const vote = {
        genesisRoot,
        term: head.term,
        setRoot: head.setRoot,
        source: { height: justified.height, root: justified.root },
        target: { height: head.height + 20, root: new Uint8Array(32).fill(salt) },
      };
      const signature = signer.sign(signingRoot(VoteDataType, vote, 'vote', genesisRoot));
      await cluster.inject(3, { vote, index: 3, signature });
    }
    const clients = [0, 1, 2].map((i) => new LocalClient(cluster!.node(i)));
    await cluster.until(() => cluster!.evidence.length >= 3, 'evidence');
    for (const client of clients) {
      const [evidence] = await client.evidence();
      const members = cluster.genesis.delegates.map((d) => d.delegate);
      const account = verifyEvidence(evidence!, genesisRoot, () => members, nobleBls);
      expect(toHex(account)).toBe(toHex(members[3]!.account));
    }
  });
});
