import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manyOutputs } from '../../../adapters/bitcoin/testing/segwit.js';
import { type ChainEvent, decodeEvent, type EventName, encodeEvent } from '../../../indexers/log/event.js';
import { blockCodec, evidenceCodec } from '../../../indexers/log/records.js';
import { evidenceEffect } from '../../../indexers/sinks/evidenceSink.js';
import { mainEffect } from '../../../indexers/sinks/mainSink.js';
import { openChdbStore } from '../../../indexers/store/chdbStore.js';
import type { BlockContents } from '../../../indexers/store/contents/blockContents.js';
import type { IndexStore } from '../../../indexers/store/indexStore.js';
import { toBareHex, toHex, utf8, ZERO32 } from '../../../proofs/bytes.js';
import { type Commitment, CommitmentType } from '../../../proofs/containers/commitment.js';
import { MainHeaderType } from '../../../proofs/containers/header.js';
import { append, emptyHistory, historyRoot } from '../../../proofs/history/history.js';
import { discardNodes } from '../../../proofs/history/nodes.js';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { ethereumSample } from '../../../test/support/contents/sample.js';
import { serveIndex } from '../../../test/support/index/serve.js';
import { fakeCommitment } from '../../../test/support/indexers/mainBlocks.js';
import { indexRouteList } from './routes.js';

/** The greatest count there is: what is read from a log is at most that. */
const MOST = Number.MAX_SAFE_INTEGER;
/** The greatest that a question may ask for. */
const ASKED = 999_999_999_999_999;
const U64 = 2n ** 64n - 1n;
const U256 = 2n ** 256n - 1n;
/** The last second that has a date. */
const LAST_SECOND = 8_640_000_000_000;
const BITCOIN = 'bitcoin-regtest';
const ETHEREUM = 'ethereum-local';
const ODD = 'a/b \'";--\n\0{x:String} é \u{1f600}';

const block = (height: number, salt: number, parentHash: Uint8Array, time: number) => ({
  ...{ height, parentHash, time, hash: new Uint8Array(32).fill(salt) },
  raw: new Uint8Array(8192).fill(salt),
});
/** Events as a log hands them out: through its own record. */
function events(chain: string, ...all: (readonly [EventName, ReturnType<typeof block>])[]): ChainEvent[] {
  return all.map(([type, of], i) =>
    decodeEvent(encodeEvent({ ...of, type, chain, number: i + 1, epoch: MOST })),
  );
}

const first = block(MOST - 2, 1, ZERO32, 0);
const lost = block(MOST - 1, 2, first.hash, MOST);
const second = block(MOST - 1, 3, first.hash, MOST);
const tip = block(MOST, 255, second.hash, 2 ** 32);

/** A transaction whose outputs are all the coins each: together more than 64 bits hold. */
const outputs = Array.from({ length: 9000 }, () => [2_100_000_000_000_000n, new Uint8Array(0)] as const);

function bitcoinBlock(): BlockContents {
  const raw = manyOutputs([[ZERO32, 0xffffffff]], outputs);
  return {
    ...{ kind: 'bitcoin', chain: BITCOIN, number: 5, height: MOST, blockHash: tip.hash, time: tip.time },
    transactions: [
      {
        ...{ txid: tip.hash, wtxid: second.hash, version: -(2 ** 31), lockTime: 2 ** 32 - 1, coinbase: true },
        ...{ weight: 2 ** 32 - 1, inputs: [], raw, value: 9000n * 2_100_000_000_000_000n },
        outputs: outputs.map(([value, script]) => ({ value, script, scriptKey: U64, kind: 'other' })),
      },
    ],
  };
}

function ethereumBlock(): BlockContents {
  const [sample] = [...ethereumSample(ETHEREUM, { blocks: 1, transactions: 2, parties: 2 })];
  if (sample === undefined) throw new Error('no sample');
  return {
    ...sample,
    ...{ number: 5, height: MOST, blockHash: tip.hash, time: MOST },
    transactions: sample.transactions.map((row, i) => ({
      ...row,
      ...{ nonce: U64, gas: U64, value: U256, maxFeePerGas: U256, maxPriorityFeePerGas: U256 },
      ...{ maxFeePerBlobGas: U256, effectiveGasPrice: U256, to: undefined, from: undefined },
      ...{ gasUsed: i === 0 ? U64 : 0n, cumulativeGasUsed: U64, succeeded: undefined, stateRoot: ZERO32 },
    })),
  };
}

const commitment: Commitment = {
  ...fakeCommitment(1),
  ...{ status: 255, epoch: MOST, start: MOST, size: MOST, tipHeight: MOST, reorgCount: MOST },
  policyVersion: 2 ** 32 - 1,
};
const header = {
  ...MainHeaderType.defaultValue(),
  ...{ slot: MOST, term: MOST, producer: 65_535 },
  indexRoot: historyRoot(append(emptyHistory(0), [CommitmentType.hashTreeRoot(commitment)], discardNodes)),
};
const evidence = {
  ...{ kind: 'source-fault', source: ODD, height: MOST, hash: ODD, message: `${ODD}\ud800`, raw: 'ff' },
  seen: LAST_SECOND,
};

describe.skipIf(!hasChdb)('the greatest and the oddest values there are, through the engine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-extremes-'));
  let store: IndexStore;
  let server: Awaited<ReturnType<typeof serveIndex>>;

  beforeAll(async () => {
    store = await openChdbStore(join(folder, 'index'));
    for (const [chain, contents] of [
      [BITCOIN, bitcoinBlock()],
      [ETHEREUM, ethereumBlock()],
      [ODD, { ...bitcoinBlock(), chain: ODD }],
    ] as const) {
      const all = events(
        chain,
        ['connect', first],
        ['connect', lost],
        ['disconnect', lost],
        ['connect', second],
        ['connect', tip],
        ['finalize', tip],
      );
      await store.writeEvents(chain, all);
      await store.writeContents(chain, [contents]);
      await store.publishContents(chain, { from: 1, to: all.length });
    }
    const writer = await store.sets.writer();
    const refused: string[] = [];
    const step = { from: 0, next: 1, refuse: (_: number, reason: string) => void refused.push(reason) };
    const record = evidenceCodec.encode({ chain: BITCOIN, evidence: utf8(JSON.stringify(evidence)) });
    await evidenceEffect(writer, [evidenceCodec.decode(record)], step);
    const main = blockCodec.encode({
      ...{ header: MainHeaderType.serialize(header), commitments: [commitment] },
      certificate: new Uint8Array(),
    });
    await mainEffect({ chainOf: () => BITCOIN })(writer, [blockCodec.decode(main)], step);
    expect(refused).toEqual([]);
    server = await serveIndex(store, { timeoutMs: 60_000 });
  });
  afterAll(async () => {
    await server?.close();
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = async (path: string) => {
    const { status, body } = await server.get(path);
    expect({ path, status, error: body?.error }).toEqual({ path, status: 200, error: undefined });
    expect(server.faults).toEqual([]);
    return body;
  };

  it('headers come back as they went in', async () => {
    for (const chain of [BITCOIN, ETHEREUM]) {
      const at = `/chains/${chain}`;
      const { view, rows } = await get(`${at}/headers?branches=true`);
      expect(view).toMatchObject({ number: '6', height: String(MOST) });
      expect(
        rows.map((row: Record<string, unknown>) => [row.height, row.time, row.canonical, row.raw]),
      ).toEqual(
        [
          [first, true],
          [second, true],
          [lost, false],
          [tip, true],
        ].map(([of, best]) => {
          const { height, time, raw } = of as typeof tip;
          return [String(height), String(time), best, toHex(raw)];
        }),
      );
      expect((await get(`${at}/latest?limit=2`)).rows).toHaveLength(2);
      expect((await get(`${at}/headers?from=${ASKED}`)).rows).toHaveLength(3);
      expect((await get(`${at}/reorganisations`)).rows).toMatchObject([
        { depth: 1, forkHeight: String(MOST - 2), oldTip: { height: String(MOST - 1) } },
      ]);
      expect(
        await get(`${at}/headers/${chain === ETHEREUM ? '0x' : ''}${toBareHex(tip.hash)}`),
      ).toMatchObject({
        header: { height: String(MOST) },
      });
    }
    const counted = { headers: '4', canonical: '3', reorganisations: '1', finalizedHeight: String(MOST) };
    const counts = await store.counts();
    expect(counts.find(({ chain }) => chain === ODD)).toMatchObject({ headers: 4, finalizedHeight: MOST });
    for (const row of (await get('/counts')).rows) if (row.chain !== ODD) expect(row).toMatchObject(counted);
    expect((await store.headers(ODD, { from: 0, limit: 10 })).rows).toHaveLength(3);
  });

  it('so do contents', async () => {
    const [spent] = (await get(`/chains/${BITCOIN}/txs/${toBareHex(tip.hash)}`)).rows;
    expect(spent).toMatchObject({ version: -(2 ** 31), lockTime: 2 ** 32 - 1, time: String(2 ** 32) });
    const found = (await get(`/chains/${ETHEREUM}/blocks/${toHex(tip.hash)}/txs`)).rows;
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({ nonce: String(U64), value: String(U256), maxFeePerGas: String(U256) });
    const [receipt] = (await get(`/chains/${ETHEREUM}/txs/${found[0].hash}/receipt`)).rows;
    expect(receipt).toMatchObject({ gasUsed: String(U64), cumulativeGasUsed: String(U64) });
    expect((await get(`/chains/${ETHEREUM}/logs?from=${ASKED}&to=${ASKED}`)).rows).toEqual([]);
    expect((await store.logs(ETHEREUM, { from: MOST, limit: 10 })).rows).toHaveLength(4);
    const late = await get(`/chains/${ETHEREUM}/statistics?from=${ASKED - 5}&to=${ASKED}&step=${2 ** 32}`);
    expect(late.rows).toEqual([]);
    await get(`/chains/${ETHEREUM}/statistics?from=${ASKED - 1}&to=${ASKED}&step=1`);
    await get(`/chains/${ETHEREUM}/lag?from=${ASKED - 1}&to=${ASKED}&step=1`);
    await get(`/chains/${ETHEREUM}/coverage`);
  });

  it('so do records', async () => {
    const [told] = (await get(`/chains/${BITCOIN}/evidence`)).rows;
    expect(told).toMatchObject({ source: ODD, height: String(MOST), hash: ODD });
    expect(told.time).toBe(new Date(LAST_SECOND * 1000).toISOString());
    const [one] = (await get(`/chains/${BITCOIN}/commitments`)).rows;
    expect(one).toMatchObject({ epoch: String(MOST), size: String(MOST), policyVersion: 2 ** 32 - 1 });
    const [main] = (await get('/main/blocks')).rows;
    expect(main).toMatchObject({ height: '0', slot: String(MOST), term: String(MOST), producer: 65_535 });
  });

  it('no route fails for them', async () => {
    for (const { path } of indexRouteList) {
      for (const chain of [BITCOIN, ETHEREUM]) {
        const filled = path
          .slice('/v1/index'.length)
          .replace('{chain}', chain)
          .replace(/\{outpoint\}/, `${toBareHex(tip.hash)}:4294967295`)
          .replace(/\{(block|hash)\}/, toBareHex(tip.hash))
          .replace(/\{address\}/, `0x${'ff'.repeat(20)}`);
        const { status } = await server.get(`${filled}${path.endsWith('search') ? `?q=${MOST}` : ''}`);
        expect({ path: filled, status }).not.toMatchObject({ status: 500 });
        expect(server.faults).toEqual([]);
      }
    }
  });
});
