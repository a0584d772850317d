import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ethereumKind } from '../../adapters/ethereum/kind.js';
import { decodeReceipt } from '../../adapters/ethereum/proofs/receipt.js';
import { EthereumRpcSource } from '../../adapters/ethereum/sources/jsonRpc.js';
import { payEthereum } from '../../devnet/payments/ethereum.js';
import { Follower } from '../../indexers/follow/follower.js';
import { EmbeddedLog } from '../../indexers/log/embedded.js';
import { Replay } from '../../indexers/log/replay.js';
import { BlockCache } from '../../indexers/sinks/blockCache.js';
import { fromHex, toHex } from '../../proofs/bytes.js';
import { MemoryStore } from '../../storage/memory.js';
import { startAnvil, type TestAnvil } from '../fixtures/ethereum/anvil.js';
import { LOCAL, lie } from '../fixtures/ethereum/sourceNode.js';
import { startTamperer, type Tamperer } from '../fixtures/ethereum/tamperer.js';
import { Random } from '../fuzz/harness.js';

/** anvil behind two fronts: whatever the first one does, no event is false, and only who lied is blamed. */
let anvil: TestAnvil;
let first: Tamperer;
let second: Tamperer;
let follower: Follower;
let log: EmbeddedLog;
let blocks: BlockCache;
let sources: EthereumRpcSource[];
let now: number;
const errors: unknown[] = [];

beforeAll(async () => {
  anvil = await startAnvil();
  first = await startTamperer(anvil.url);
  second = await startTamperer(anvil.url);
});
afterAll(async () => {
  await first.close();
  await second.close();
  await anvil.stop();
});
beforeEach(async () => {
  for (const front of [first, second])
    Object.assign(front, {
      tamper: (_m: unknown, _p: unknown, result: unknown) => result,
      takeOver: undefined,
      node: anvil.url,
    });
  errors.length = 0;
  now = Math.floor(Date.now() / 1000);
  const store = new MemoryStore();
  log = new EmbeddedLog(store);
  sources = [first, second].map(
    ({ url }) => new EthereumRpcSource({ chain: LOCAL, url, timeoutMs: 3000, busyMs: 5 }),
  );
  const [genesis] = await sources[1]!.headers(0, 1);
  follower = await Follower.open({
    chain: LOCAL,
    kind: ethereumKind,
    checkpoint: { height: 0, hash: genesis!.hash, work: 0n, periodStartTime: 0, periodStartBits: 0 },
    sources,
    log,
    store,
    pollMs: 20,
    maxBackoffMs: 200,
    batch: 64,
    now: () => now,
    onError: (error) => errors.push(error),
  });
  blocks = new BlockCache({
    sources: new Map([[LOCAL, sources]]),
    onFailure: (_chain, source, error) => void follower.blame(source, error),
  });
});
afterEach(async () => {
  await follower.stop();
  for (const source of sources) await source.close();
});

const poll = async (times = 2) => {
  for (let i = 0; i < times; i++) await follower.pollAll();
};
const mine = (count: number) => anvil.call('anvil_mine', [`0x${count.toString(16)}`]);
let salt = 0;
/** Empty blocks would be the same ones again, but for who gets their fees. */
const reorganise = async (depth: number) => {
  await anvil.call('anvil_setCoinbase', [`0x${(++salt).toString(16).padStart(40, '0')}`]);
  await anvil.call('anvil_reorg', [depth, []]);
};
const evidence = () => follower.evidence.list(LOCAL, 100);
const blamed = async () => [...new Set((await evidence()).map((one) => one.source))];

/** The events replayed are the node's chain. */
async function expectFollowed(): Promise<void> {
  const replay = new Replay();
  for (const event of await log.read(LOCAL, 1, 1e6)) replay.apply(event);
  const tip = (await anvil.call('eth_getBlockByNumber', ['latest', false])) as { hash: string };
  expect(toHex(replay.tip!.hash)).toBe(tip.hash);
  for (let height = 0; height <= replay.tip!.height; height += 7) {
    const { hash } = (await anvil.call('eth_getBlockByNumber', [`0x${height.toString(16)}`, false])) as {
      hash: string;
    };
    expect(toHex(replay.hashAt(height)!)).toBe(hash);
  }
}

async function untilFollowed(): Promise<void> {
  for (const end = Date.now() + 90_000; ; await sleep(20)) {
    const { hash } = (await anvil.call('eth_getBlockByNumber', ['latest', false])) as { hash: string };
    const own = follower.status().hash;
    if (own !== undefined && toHex(own) === hash) return;
    if (Date.now() > end) throw new Error(`not at ${hash}: ${JSON.stringify(follower.status().sources)}`);
  }
}

/** A front that is `lag` blocks behind. */
async function lagging(front: Tamperer, lag: number): Promise<void> {
  const top = Number(await anvil.call('eth_blockNumber')) - lag;
  const latest = await anvil.call('eth_getBlockByNumber', [`0x${top.toString(16)}`, false]);
  front.tamper = (method, [number], result) => {
    if (method !== 'eth_getBlockByNumber') return result;
    const block = result as { number: string } | null;
    if (number === 'latest') return latest;
    return block !== null && Number(block.number) > top ? null : result;
  };
}

describe('honest nodes', () => {
  test('that reorganise at random are followed, and nobody is blamed', async () => {
    const random = new Random(7);
    await mine(30);
    follower.start();
    for (let round = 0; round < 40; round++) {
      if (random.below(2) === 0) await reorganise(1 + random.below(6));
      await mine(1 + random.below(3));
      await sleep(random.below(40));
      if (round % 10 === 9) {
        await untilFollowed();
        await expectFollowed();
      }
    }
    await untilFollowed();
    await follower.stop();
    await expectFollowed();
    expect(await evidence()).toEqual([]);
    expect(follower.status().sources.map(({ faults }) => faults)).toEqual([0, 0]);
    for (const error of errors) expect(error).toMatchObject({ retryable: true });
    const types = (await log.read(LOCAL, 1, 1e6)).map(({ type }) => type);
    expect(types.filter((type) => type === 'disconnect').length).toBeGreaterThan(10);
  });

  test('one of which lags is compared with, followed when it is alone, and undoes nothing', async () => {
    await mine(20);
    await lagging(second, 5);
    await poll(3);
    await expectFollowed();
    const before = await log.read(LOCAL, 1, 1e6);
    first.takeOver = (response) => void response.destroy();
    await poll(3);
    expect(await log.read(LOCAL, 1, 1e6)).toEqual(before);
    await mine(9);
    await lagging(second, 2);
    await poll(2);
    expect(follower.status().height).toBe(Number(await anvil.call('eth_blockNumber')) - 2);
    first.takeOver = undefined;
    await poll(3);
    await expectFollowed();
    expect(await evidence()).toEqual([]);
  });

  test('of which one is still on the branch that the other left: nothing for a minute, then a disagreement', async () => {
    await mine(20);
    await poll();
    const height = Number(await anvil.call('eth_blockNumber'));
    const old = await anvil.call('eth_getBlockByNumber', ['latest', false]);
    await reorganise(3);
    await mine(2);
    second.tamper = (method, [number], result) =>
      method === 'eth_getBlockByNumber' && number === 'latest' ? old : result;
    await poll(4);
    await expectFollowed();
    expect(await evidence()).toEqual([]);
    now += 61;
    await poll();
    expect(await evidence()).toMatchObject([{ kind: 'disagreement', source: sources[1]!.name, height }]);
    expect(follower.status().sources[1]).toMatchObject({ healthy: true, faults: 0 });
  });
});

describe('a node that lies', () => {
  test('by leaving out a log is named, and the block is another one’s', async () => {
    const paid = await payEthereum(anvil.url, { wei: 1000n });
    await poll();
    first.tamper = lie('eth_getBlockReceipts', (receipts: { logs: unknown[] }[]) =>
      receipts.map((receipt) => ({ ...receipt, logs: receipt.logs.slice(1) })),
    );
    const block = await blocks.get(LOCAL, fromHex(paid.blockHash));
    expect(block.receipts!.flatMap((receipt) => decodeReceipt(receipt).logs).length).toBeGreaterThan(0);
    await sleep(20);
    expect(await evidence()).toMatchObject([
      {
        kind: 'source-fault',
        source: sources[0]!.name,
        height: paid.blockNumber,
        message: expect.stringMatching(/receipts that do not match the root/),
      },
    ]);
    expect(follower.status().sources.map(({ faults }) => faults)).toEqual([1, 0]);
    // The other one decides from now on.
    await mine(3);
    await poll();
    await expectFollowed();
    expect(await blamed()).toEqual([sources[0]!.name]);
  });

  test.each<[string, (paid: { blockHash: string }) => Promise<Tamperer['tamper']>]>([
    [
      'receipts',
      async () => {
        const { blockHash } = await payEthereum(anvil.url, { wei: 2000n });
        const other = await anvil.call('eth_getBlockReceipts', [blockHash]);
        return (method, _params, result) => (method === 'eth_getBlockReceipts' ? other : result);
      },
    ],
    [
      'a header',
      async () => {
        const other = await anvil.call('eth_getBlockByNumber', ['0x3', true]);
        return (method, _params, result) => (method === 'eth_getBlockByHash' ? other : result);
      },
    ],
    [
      'transactions',
      async () => {
        const { blockHash } = await payEthereum(anvil.url, { wei: 2000n });
        const { transactions } = (await anvil.call('eth_getBlockByHash', [blockHash, true])) as {
          transactions: unknown;
        };
        return (method, _params, result) =>
          method === 'eth_getBlockByHash' ? { ...(result as object), transactions } : result;
      },
    ],
  ])('by mixing in another block’s %s is named', async (_, tamper) => {
    const paid = await payEthereum(anvil.url, { wei: 1000n });
    await poll();
    const honest = await sources[1]!.block(fromHex(paid.blockHash));
    first.tamper = await tamper(paid);
    expect(await blocks.get(LOCAL, fromHex(paid.blockHash))).toEqual(honest);
    await sleep(20);
    expect(await blamed()).toEqual([sources[0]!.name]);
    expect(await evidence()).toMatchObject([{ kind: 'source-fault' }]);
  });

  test('by mixing two branches tells nothing that is believed', async () => {
    await mine(20);
    await poll();
    const top = Number(await anvil.call('eth_blockNumber'));
    const left = new Map<string, unknown>();
    for (let height = top - 3; height <= top; height++) {
      const number = `0x${height.toString(16)}`;
      left.set(number, await anvil.call('eth_getBlockByNumber', [number, false]));
    }
    await reorganise(4);
    await mine(3);
    first.tamper = (method, [number], result) =>
      method === 'eth_getBlockByNumber' && Number(number) % 2 === 1
        ? (left.get(String(number)) ?? result)
        : result;
    await poll(4);
    await expectFollowed();
    // A node in the middle of a reorganisation looks no different: unavailable, not at fault.
    expect(await evidence()).toEqual([]);
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(error).toMatchObject({ name: 'SourceUnavailableError' });
  });

  test('about its chain id is named, and never followed', async () => {
    await mine(5);
    first.tamper = lie('eth_chainId', () => '0x1');
    await poll(3);
    await expectFollowed();
    expect(await evidence()).toMatchObject([
      {
        kind: 'source-fault',
        source: sources[0]!.name,
        message: expect.stringMatching(/serves chain id 1, not 31337/),
      },
    ]);
    expect(follower.status().sources[0]).toMatchObject({ healthy: false });
  });

  test('by being another chain from some moment on is named, with its branch where there is one', async () => {
    const other = await startAnvil();
    try {
      await mine(5);
      await poll();
      await expectFollowed();
      await other.call('anvil_mine', ['0x200']);
      first.node = other.url;
      await poll(4);
      await mine(2);
      await poll(2);
      await expectFollowed();
      expect(await blamed()).toEqual([sources[0]!.name]);
      expect(
        (await evidence()).every(({ kind }) => kind === 'source-fault' || kind === 'finality-conflict'),
      ).toBe(true);
    } finally {
      await other.stop();
    }
  });

  test('by withholding a header of the tip that it names is named', async () => {
    await mine(8);
    const top = Number(await anvil.call('eth_blockNumber'));
    first.tamper = (method, [number], result) =>
      method === 'eth_getBlockByNumber' && Number(number) > top - 3 && Number(number) < top ? null : result;
    await poll(3);
    await expectFollowed();
    expect(await evidence()).toMatchObject([
      { kind: 'source-fault', source: sources[0]!.name, message: expect.stringMatching(/but has no header/) },
    ]);
  });
});
