import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transaction } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChdbStore } from '../../../indexers/store/chdbStore.js';
import type { BlockContents } from '../../../indexers/store/contents/blockContents.js';
import type { IndexStore } from '../../../indexers/store/indexStore.js';
import { reversed, toBareHex, toHex } from '../../../proofs/bytes.js';
import { sampleEvent } from '../../../test/support/contents/questions.js';
import {
  bitcoinSample,
  ethereumSample,
  named,
  sampleScript,
  sampleToken,
} from '../../../test/support/contents/sample.js';
import { serveIndex } from '../../../test/support/index/serve.js';
import { indexRouteList } from './routes.js';

const installed = await import('chdb/connection').then(
  () => true,
  () => false,
);
const BITCOIN = 'bitcoin-regtest';
const ETHEREUM = 'ethereum-local';
const SIZE = { blocks: 40, transactions: 30, parties: 20 };
/** Of each chain's blocks, the last is undone at first and connected again. */
const EVENTS = SIZE.blocks + 2;

const display = (hash: Uint8Array) => toBareHex(reversed(hash));

describe.skipIf(!installed)('the index over HTTP on chDB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-api-index-'));
  const bitcoin: BlockContents[] = [];
  const ethereum = [...ethereumSample(ETHEREUM, SIZE)];
  let store: IndexStore;
  let server: Awaited<ReturnType<typeof serveIndex>>;
  const spending = new Transaction();

  beforeAll(async () => {
    const samples = [...bitcoinSample(BITCOIN, SIZE)];
    const first = samples[0]?.transactions[0];
    // One real transaction, whose input spends the first output that there is.
    spending.addInput(first?.txid ?? new Uint8Array(32), 0, 7, Uint8Array.of(0x51));
    spending.setWitness(0, [Uint8Array.of(1, 2, 3), new Uint8Array()]);
    spending.addOutput(sampleScript(1), 5n);
    bitcoin.push(
      ...samples.map((block) =>
        block.height !== SIZE.blocks
          ? block
          : {
              ...block,
              transactions: block.transactions.map((row, position) =>
                position !== 1
                  ? row
                  : {
                      ...row,
                      txid: spending.getHash(),
                      wtxid: spending.getHash(true),
                      raw: spending.toBuffer(),
                      inputs: [{ txid: first?.txid ?? row.txid, vout: 0, sequence: 7 }],
                    },
              ),
            },
      ),
    );
    store = await openChdbStore(join(folder, 'index'));
    for (const blocks of [bitcoin, ethereum]) {
      const chain = blocks === bitcoin ? BITCOIN : ETHEREUM;
      const events = blocks.map(sampleEvent);
      const last = events.at(-1);
      if (last === undefined) throw new Error('no blocks');
      events.push(
        { ...last, number: last.number + 1, type: 'disconnect' },
        { ...last, number: last.number + 2 },
      );
      await store.writeEvents(chain, events);
      await store.writeContents(chain, blocks);
      await store.publishContents(chain, { from: 1, to: EVENTS });
    }
    server = await serveIndex(store, { timeoutMs: 60_000 });
  });
  afterAll(async () => {
    await server?.close();
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = async (id: string, path: string) => {
    const { status, body } = await server.get(path);
    expect({ path, status, error: body?.error }).toEqual({ path, status: 200, error: undefined });
    expect(indexRouteList.find((route) => route.id === id)?.answer.parse(body)).toEqual(body);
    return body;
  };
  const B = `/chains/${BITCOIN}`;
  const E = `/chains/${ETHEREUM}`;

  /** All pages of so many rows, each checked to be of one view. */
  const pages = async (id: string, path: string, limit: number) => {
    const rows: Record<string, unknown>[] = [];
    let view: unknown;
    for (let cursor: string | null = ''; cursor !== null; ) {
      const next = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const body = await get(id, `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${next}`);
      view ??= body.view;
      expect(body.view).toEqual(view);
      rows.push(...body.rows);
      cursor = body.next;
    }
    return rows;
  };

  it('answers every route', async () => {
    const overview = await get('index', '');
    expect(overview.chains).toMatchObject([
      { headers: '40', transactions: '1200', outputs: '2400', contents: { complete: true } },
      { headers: '40', transactions: '1200', logs: '2400', reorganisations: { count: '1' } },
    ]);
    await get('indexCounts', '/counts');
    await get('indexCoverage', `${B}/coverage`);
    await get('indexLatest', `${E}/latest?limit=5`);
    const statistics = await get('indexStatistics', `${E}/statistics?from=0&to=480&step=48`);
    expect(statistics.rows).toHaveLength(10);
    await get('indexReorganisations', `${B}/reorganisations`);
    for (const name of ['sources', 'lag']) {
      const id = name === 'lag' ? 'indexLag' : 'indexSources';
      await get(id, `${E}/${name}?from=0&to=100&step=10`);
    }
    await get('indexCommitments', `${B}/commitments`);
    await get('indexEvidence', `${B}/evidence`);
    await get('indexMainBlocks', '/main/blocks');
    await get('indexCertificates', '/main/certificates');
    await get('indexProofs', '/proofs');
    await get('indexSearch', `${E}/search?q=7`);
  });

  it('pages of any size are the same rows', async () => {
    const heights = (rows: Record<string, unknown>[]) => rows.map((row) => row.height);
    const headers = await pages('indexHeaders', `${B}/headers`, 7);
    expect(heights(headers)).toEqual(Array.from({ length: SIZE.blocks }, (_, i) => String(i + 1)));
    for (const [id, path] of [
      ['indexOutputs', `${B}/outputs?script=${toHex(sampleScript(0))}`],
      ['indexLogs', `${E}/logs?address=${toHex(sampleToken(0))}`],
      ['indexAddressTransactions', `${E}/addresses/${toHex(sampleToken(0))}/txs`],
      ['indexBlockTransactions', `${B}/blocks/20/txs`],
      ['indexLatest', `${E}/latest`],
    ] as const) {
      const all = await pages(id, path, 1000);
      expect(all.length).toBeGreaterThan(20);
      expect(await pages(id, path, Math.ceil(all.length / 4))).toEqual(all);
    }
  });

  it('has what was written, exactly', async () => {
    const [block] = ethereum.slice(20);
    const row = block?.transactions[3];
    if (block === undefined || row === undefined) throw new Error('no such block');
    const path = `${E}/txs/${toHex(row.hash)}`;
    const { rows } = await get('indexTransaction', path);
    expect(rows).toMatchObject([
      { hash: toHex(row.hash), raw: toHex(row.raw), nonce: String(row.nonce), position: 3, canonical: true },
    ]);
    const receipt = await get('indexReceipt', `${path}/receipt`);
    expect(receipt.rows).toMatchObject([{ gasUsed: '52000', logs: 2, blockHash: toHex(block.blockHash) }]);
    const [log] = row.logs;
    const topics = (log?.topics ?? []).map((topic) => `topic=${toHex(topic)}`).join('&');
    const logs = await get('indexLogs', `${E}/logs?${topics}&from=${block.height}&to=${block.height}`);
    expect(logs.rows[0]).toMatchObject({
      data: toHex(log?.data ?? row.raw),
      transactionHash: toHex(row.hash),
    });
    const either = await get(
      'indexLogs',
      `${E}/logs?topic=${toHex(named(4, 0, 32))},${toHex(named(4, 1, 32))}`,
    );
    expect(either.rows.length).toBe(100);
  });

  it('knows what spends an output, and what did not yet', async () => {
    const outpoint = `${display(bitcoin[0]?.kind === 'bitcoin' ? (bitcoin[0].transactions[0]?.txid ?? named(0, 0, 32)) : named(0, 0, 32))}:0`;
    const { rows } = await get('indexSpenders', `${B}/outputs/${outpoint}/spenders`);
    const mine = rows.find((row: { sequence: number }) => row.sequence === 7);
    expect(mine).toMatchObject({ txid: spending.getId(), scriptSig: '0x51', witness: ['0x010203', '0x'] });
    // After the last block was undone, and before it came back.
    const before = await get('indexSpenders', `${B}/outputs/${outpoint}/spenders?at=${EVENTS - 1}`);
    expect(before.view).toMatchObject({ number: String(EVENTS - 1), height: String(SIZE.blocks - 1) });
    const canonical = before.rows.filter((row: { canonical: boolean }) => row.canonical);
    expect(canonical.some((row: { sequence: number }) => row.sequence === 7)).toBe(false);
  });

  it('an export has every row of one view', async () => {
    const { text } = await server.get(`${E}/logs?topic=any`, { accept: 'application/x-ndjson' });
    expect(text).toContain('without an address or a topic');
    const lines = await server.get(`${E}/logs?from=0&to=9999`, { accept: 'application/x-ndjson' });
    const values = lines.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(values).toHaveLength(2402);
    expect(values.at(-1)).toEqual({ end: { rows: 2400, next: null } });
  });

  it('refuses cursors that it did not make', async () => {
    const { next } = await get('indexHeaders', `${B}/headers?limit=5`);
    const [question, ...view] = JSON.parse(Buffer.from(next, 'base64url').toString());
    const packed = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    const keys = [[], ['x'], [1], [-1, 'zz'], [1.5, 1], [1, 2, 3, 4, 5], ['ab', 'cd'], [1, "'; DROP"]];
    for (const key of keys) {
      const cursor = packed(question, ...view.slice(0, -1), key);
      const { status, body } = await server.get(`${B}/headers?limit=5&cursor=${cursor}`);
      expect({ key, status, body }).toMatchObject({
        status: 400,
        body: { error: { name: 'MalformedInputError' } },
      });
    }
    for (const what of ['evidence', 'commitments', 'mainBlocks', 'proofsServed'])
      for (const key of [['x'], [['y']], ["'"]]) {
        const path = {
          evidence: `${B}/evidence`,
          commitments: `${B}/commitments`,
          mainBlocks: '/main/blocks',
        }[what];
        const chain = { evidence: ` ${BITCOIN}`, commitments: ` ${BITCOIN}`, proofsServed: ' ' }[what] ?? '';
        const cursor = packed(`${what}${chain}`, 0, '', key);
        const { status } = await server.get(`${path ?? '/proofs'}?cursor=${cursor}`);
        expect({ what, key, status }).toEqual({ what, key, status: 400 });
      }
    expect((await server.get(`${B}/reorganisations?cursor=${next}`)).status).toBe(400);
  });

  it('no question makes it fail', async () => {
    const values = fc.oneof(
      fc.constantFrom(
        '0',
        '1',
        '40',
        '41',
        '42',
        '43',
        '999999999999999',
        'true',
        'any',
        toHex(sampleToken(0)),
      ),
      fc.constantFrom(
        toHex(sampleScript(0)),
        toHex(ethereum[0]?.transactions[0]?.hash ?? named(0, 0, 32)),
        'x',
      ),
      fc.stringMatching(/^(0x)?[0-9a-f]{0,70}$/),
    );
    const names = [...new Set(indexRouteList.flatMap((route) => Object.keys(route.query.shape)))];
    const question = fc.record({
      route: fc.constantFrom(...indexRouteList),
      chain: fc.constantFrom(BITCOIN, ETHEREUM),
      part: values,
      query: fc.array(fc.tuple(fc.constantFrom(...names), values), { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(question, async ({ route, chain, part, query }) => {
        const path = route.path.replace(/\{(\w+)\}/g, (_, name) => (name === 'chain' ? chain : part || 'x'));
        const search = query.map(([name, value]) => `${name}=${value}`).join('&');
        const { status, body } = await server.get(`${path.slice('/v1/index'.length)}?${search}`);
        expect({ status, body }).toMatchObject({
          status: expect.toSatisfy((code) => [200, 400, 404, 413].includes(code)),
        });
        expect(server.faults).toEqual([]);
      }),
      { numRuns: 400 },
    );
  }, 240_000);
});
