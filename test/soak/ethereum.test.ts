import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ethereumKind } from '../../adapters/ethereum/kind.js';
import { EthereumRpcSource } from '../../adapters/ethereum/sources/jsonRpc.js';
import { payEthereum } from '../../devnet/payments/ethereum.js';
import { Follower } from '../../indexers/follow/follower.js';
import { EmbeddedLog } from '../../indexers/log/embedded.js';
import { Replay } from '../../indexers/log/replay.js';
import { BlockCache } from '../../indexers/sinks/blockCache.js';
import { fromHex, toHex } from '../../proofs/bytes.js';
import { MemoryStore } from '../../storage/memory.js';
import { startAnvil, type TestAnvil } from '../fixtures/ethereum/anvil.js';
import { LOCAL } from '../fixtures/ethereum/sourceNode.js';
import { Refusal, startTamperer, type Tamper, type Tamperer } from '../fixtures/ethereum/tamperer.js';
import { Random } from '../fuzz/harness.js';
import { type Cuttable, startCuttable } from '../support/cuttable.js';

/** anvil reorganises at random while three sources read it, of which the preferred one lies and another is cut off at times. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 20);
const SEED = Number(process.env.SEED ?? Math.floor(Date.now() / 1000));
/** Far above what it takes on an idle machine, also while a source lies. */
const CAUGHT_UP_MS = 120_000;
const random = new Random(SEED);
let anvil: TestAnvil;
let liar: Tamperer;
let wire: Cuttable;
beforeAll(async () => {
  anvil = await startAnvil();
  liar = await startTamperer(anvil.url);
  wire = await startCuttable(Number(new URL(anvil.url).port));
});
afterAll(async () => {
  await liar.close();
  await wire.close();
  await anvil.stop();
});

type Fields = Record<string, unknown>;
const isBlock = (method: string) => method.startsWith('eth_getBlockBy');
const honest: Tamper = (_method, _params, result) => result;

/** What the liar does, a while each. */
const MOODS: Readonly<Record<string, () => Tamper>> = {
  honest: () => honest,
  'changes a field': () => (method, _params, result) =>
    isBlock(method) && result !== null ? { ...(result as Fields), gasUsed: '0x1' } : result,
  'another chain id': () => (method, _params, result) => (method === 'eth_chainId' ? '0x1' : result),
  'withholds a header':
    () =>
    (method, [number], result) =>
      method === 'eth_getBlockByNumber' && Number(number) % 5 === 0 && Number(number) > 0 ? null : result,
  'mixes heights': () => {
    let before: unknown;
    return (method, _params, result) => {
      if (!isBlock(method)) return result;
      const other = before ?? result;
      before = result;
      return other;
    };
  },
  'omits a log': () => (method, _params, result) =>
    method === 'eth_getBlockReceipts' && result !== null
      ? (result as Fields[]).map((one) => ({ ...one, logs: (one.logs as unknown[]).slice(1) }))
      : result,
  'no tags':
    () =>
    (_method, [tag], result) => {
      if (tag === 'safe' || tag === 'finalized') throw new Refusal(-32602, 'unknown tag');
      return result;
    },
  'refuses everything': () => () => {
    throw new Refusal(-32000, 'internal error');
  },
  'answers nonsense': () => () => 'nonsense',
};

test(
  `${SECONDS} s of reorganisations and lies on an attested chain, seed ${SEED}`,
  async () => {
    const sources = [
      new EthereumRpcSource({ chain: LOCAL, url: liar.url, timeoutMs: 2000, busyMs: 5 }),
      new EthereumRpcSource({ chain: LOCAL, url: `ws://127.0.0.1:${wire.port}`, timeoutMs: 2000 }),
      new EthereumRpcSource({ chain: LOCAL, url: anvil.url, timeoutMs: 2000 }),
    ];
    await anvil.call('anvil_mine', ['0x20']);
    const [genesis] = await sources[2]!.headers(0, 1);
    const store = new MemoryStore();
    const log = new EmbeddedLog(store);
    const follower = await Follower.open({
      chain: LOCAL,
      kind: ethereumKind,
      checkpoint: { height: 0, hash: genesis!.hash, work: 0n, periodStartTime: 0, periodStartBits: 0 },
      sources,
      log,
      store,
      pollMs: 50,
      timeoutMs: 5000,
      maxBackoffMs: 500,
      batch: 64,
    });
    const blocks = new BlockCache({
      sources: new Map([[LOCAL, sources]]),
      onFailure: (_chain, source, error) => void follower.blame(source, error),
    });
    follower.start();
    const counts = { mined: 0, reorganised: 0, cuts: 0, payments: 0, moods: 0, checks: 0 };
    const caughtUp = async () => {
      for (const end = Date.now() + CAUGHT_UP_MS; ; await sleep(50)) {
        const { hash } = (await anvil.call('eth_getBlockByNumber', ['latest', false])) as { hash: string };
        const own = follower.status().hash;
        if (own !== undefined && toHex(own) === hash) return;
        if (Date.now() > end) throw new Error(`not at ${hash}: ${JSON.stringify(follower.status().sources)}`);
      }
    };
    for (const end = Date.now() + 1000 * SECONDS; Date.now() < end; await sleep(random.below(150))) {
      switch (random.below(10)) {
        case 0:
        case 1:
          await anvil.call('anvil_setCoinbase', [
            `0x${random.next().toString(16).padStart(40, '0').slice(-40)}`,
          ]);
          // Not so deep that a block which anvil called final would be undone.
          await anvil.call('anvil_reorg', [1 + random.below(5), []]);
          counts.reorganised++;
          await sleep(300);
          break;
        case 2: {
          const names = Object.keys(MOODS);
          liar.tamper = MOODS[names[random.below(names.length)] ?? 'honest']?.() ?? honest;
          counts.moods++;
          break;
        }
        case 3:
          if (random.below(3) === 0) {
            wire.cut();
            counts.cuts++;
          }
          break;
        case 4: {
          const paid = await payEthereum(anvil.url, { wei: 1000n });
          const block = await blocks.get(LOCAL, fromHex(paid.blockHash));
          expect(block.transactionHashes.map((hash) => toHex(hash))).toContain(paid.transactionHash);
          counts.payments++;
          break;
        }
        case 5:
          liar.tamper = honest;
          await caughtUp();
          counts.checks++;
          break;
        default:
          await anvil.call('anvil_mine', [`0x${(1 + random.below(3)).toString(16)}`]);
          counts.mined++;
      }
    }
    liar.tamper = honest;
    await caughtUp();
    await follower.stop();
    const replay = new Replay();
    let next = 1;
    for (const event of await log.read(LOCAL, 1, 1e6)) {
      expect(event.number).toBe(next++);
      replay.apply(event);
    }
    for (let height = 0; height <= (replay.tip?.height ?? 0); height++) {
      const { hash } = (await anvil.call('eth_getBlockByNumber', [`0x${height.toString(16)}`, false])) as {
        hash: string;
      };
      expect(toHex(replay.hashAt(height) ?? new Uint8Array()), `height ${height}`).toBe(hash);
    }
    const evidence = await follower.evidence.list(LOCAL, 1000);
    console.log(
      JSON.stringify({
        ...counts,
        events: next - 1,
        evidence: evidence.length,
        blamed: [...new Set(evidence.map((one) => one.source))],
        sources: follower.status().sources.map(({ name, errors, faults }) => ({ name, errors, faults })),
      }),
    );
    for (const source of sources) await source.close();
    expect(counts.reorganised).toBeGreaterThan(0);
    // Only the liar is ever blamed.
    expect(evidence.filter((one) => one.source !== sources[0]!.name)).toEqual([]);
  },
  (SECONDS + 300) * 1000,
);
