import { describe, expect, test } from 'vitest';
import { NodeUnavailableError } from '../../mainchain/rpc/errors.js';
import type { MainChainClient, NodeStatus } from '../../mainchain/rpc/types.js';
import { failoverClient } from './failover.js';

const OURS = new Uint8Array(32).fill(1);
const OTHERS = new Uint8Array(32).fill(2);

/** A node that says what it is told to, and what it was asked. */
function node(name: string, start: { genesisRoot?: Uint8Array; finalized?: number; up?: boolean } = {}) {
  const state = { genesisRoot: OURS, finalized: 100, up: true, asked: 0, ...start };
  const answer = <T>(value: () => T) => {
    if (!state.up) throw new NodeUnavailableError(name, 'does not answer');
    return value();
  };
  const client = {
    status: async () =>
      answer(
        () => ({ genesisRoot: state.genesisRoot, finalized: { height: state.finalized } }) as NodeStatus,
      ),
    governanceSequence: async () =>
      answer(() => {
        state.asked++;
        return state.finalized;
      }),
  } as unknown as MainChainClient;
  return { state, named: { name, client } };
}

function over(...nodes: ReturnType<typeof node>[]) {
  const switches: string[] = [];
  const client = failoverClient(
    nodes.map(({ named }) => named),
    { genesisRoot: OURS, onSwitch: (to, cause) => switches.push(`${to}: ${String(cause)}`) },
  );
  return { client, switches };
}

describe('one client over several nodes', () => {
  test('does not use a node of another main chain, and says which that is', async () => {
    const [a, b] = [node('a', { genesisRoot: OTHERS }), node('b')];
    const { client, switches } = over(a, b);
    await client.governanceSequence();
    expect([a.state.asked, b.state.asked]).toEqual([0, 1]);
    expect(switches[0]).toMatch(/^b: .*a is of another main chain: its genesis is 0x0202.* ours is 0x0101/);
    const alone = over(node('a', { genesisRoot: OTHERS })).client;
    await expect(alone.governanceSequence()).rejects.toMatchObject({
      name: 'WrongMainChainError',
      retryable: true,
    });
  });

  test('looks again at a node that was away: it may have come back with another chain', async () => {
    const [a, b] = [node('a'), node('b')];
    const { client } = over(a, b);
    await client.governanceSequence();
    a.state.up = false;
    await client.governanceSequence();
    Object.assign(a.state, { up: true, genesisRoot: OTHERS });
    b.state.up = false;
    await expect(client.governanceSequence()).rejects.toMatchObject({ name: 'WrongMainChainError' });
    expect(a.state.asked).toBe(1);
  });

  test('leaves a node that is behind the others', async () => {
    const nodes = [node('a', { finalized: 40 }), node('b'), node('c'), node('d')];
    const { client, switches } = over(...nodes);
    expect(await client.look()).toEqual(
      [40, 100, 100, 100].map((finalized, i) => ({ name: 'abcd'[i], up: true, finalized })),
    );
    expect(switches).toEqual(['b: Error: it is 60 final blocks behind the others']);
    expect(await client.governanceSequence()).toBe(100);
  });

  test('is moved neither by a few that claim to be far ahead, nor by a small lag', async () => {
    const nodes = [node('a'), node('b', { finalized: 1_000_000 }), node('c'), node('d', { finalized: 110 })];
    const { client, switches } = over(...nodes);
    await client.look();
    expect(switches).toEqual([]);
  });

  test('tells which nodes do not answer, or are of another chain', async () => {
    const nodes = [node('a'), node('b', { up: false }), node('c', { genesisRoot: OTHERS })];
    const looks = await over(...nodes).client.look();
    expect(looks.map(({ up }) => up)).toEqual([true, false, false]);
  });

  test('turns to the next node when told so', async () => {
    const nodes = [node('a'), node('b')];
    const { client } = over(...nodes);
    client.turn(new Error('stuck'));
    await client.governanceSequence();
    expect(nodes.map(({ state }) => state.asked)).toEqual([0, 1]);
  });
});
