import { afterEach, describe, expect, it } from 'vitest';
import { toHex } from '../../proofs/bytes.js';
import { Cluster } from '../../test/mainchain/cluster.js';

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
    await cluster.pause(400);
    const two = cluster.finalized();
    await cluster.pause(1500);
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
