import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { reversed, toBareHex, toHex } from '../../../proofs/bytes.js';
import type { FakeIndex } from '../../../test/support/index/fakeIndex.js';
import { serveIndex } from '../../../test/support/index/serve.js';
import { ADDRESS, account, fakeWorld, named, SCRIPT, TRANSFER } from '../../../test/support/index/world.js';
import { ErrorBody } from '../schemas.js';
import { indexRouteList } from './routes.js';

const BITCOIN = '/chains/bitcoin-regtest';
const ETHEREUM = '/chains/ethereum-local';
const display = (hash: Uint8Array) => toBareHex(reversed(hash));
const both = display(named('both'));
const call = toHex(named('call 119'));
const tipA = display(named('bitcoin a 119'));
const tipB = display(named('bitcoin b 120'));

describe('the index over HTTP', () => {
  let index: FakeIndex;
  let server: Awaited<ReturnType<typeof serveIndex>>;
  beforeAll(async () => {
    index = fakeWorld();
    server = await serveIndex(index);
  });
  afterAll(() => server.close());

  test.each<[string, string]>([
    ['index', ''],
    ['indexHeaders', `${BITCOIN}/headers?from=110&to=115&branches=true`],
    ['indexLatest', `${ETHEREUM}/latest?limit=3`],
    ['indexHeader', `${BITCOIN}/headers/${tipA}?at=20`],
    ['indexReorganisations', `${BITCOIN}/reorganisations`],
    ['indexTransaction', `${BITCOIN}/txs/${both}`],
    ['indexTransaction', `${ETHEREUM}/txs/${call}`],
    ['indexBlockTransactions', `${BITCOIN}/blocks/${tipA}/txs`],
    ['indexBlockTransactions', `${ETHEREUM}/blocks/119/txs`],
    ['indexOutputs', `${BITCOIN}/outputs?address=${ADDRESS}&unspent=true`],
    ['indexOutputs', `${BITCOIN}/outputs?script=${toHex(SCRIPT)}`],
    ['indexSpenders', `${BITCOIN}/outputs/${display(named('paid 100 false'))}:0/spenders`],
    ['indexAddressTransactions', `${ETHEREUM}/addresses/${toHex(account('alice'))}/txs`],
    ['indexReceipt', `${ETHEREUM}/txs/${call}/receipt`],
    ['indexLogs', `${ETHEREUM}/logs?address=${toHex(account('token'))}&topic=${toHex(TRANSFER)}&topic=any`],
    ['indexSearch', `${BITCOIN}/search?q=${both}`],
    ['indexCoverage', `${BITCOIN}/coverage`],
    ['indexStatistics', `${BITCOIN}/statistics?from=0&to=4000000000&step=40000000`],
    ['indexSources', `${BITCOIN}/sources`],
    ['indexLag', `${BITCOIN}/lag`],
    ['indexCommitments', `${ETHEREUM}/commitments`],
    ['indexEvidence', `${BITCOIN}/evidence`],
    ['indexMainBlocks', '/main/blocks'],
    ['indexCertificates', '/main/certificates?limit=2'],
    ['indexProofs', '/proofs?chain=ethereum-local'],
    ['indexCounts', '/counts'],
  ])('%s answers %s in its documented shape', async (id, path) => {
    const { status, body, headers } = await server.get(path);
    expect({ status, body }).toMatchObject({ status: 200 });
    const route = indexRouteList.find((one) => one.id === id);
    expect(route?.answer.parse(body)).toEqual(body);
    for (const rows of [body.rows ?? body.chains ?? body.found ?? [body]]) expect(rows).not.toHaveLength(0);
    expect(headers.get('etag')).toMatch(/^"[\w-]{27}"$/);
    expect(headers.get('cache-control')).toBe(path.includes('at=') ? 'public, max-age=300' : 'no-cache');
  });

  it('tests every route', () => {
    expect(new Set(indexRouteList.map((route) => route.id)).size).toBe(indexRouteList.length);
    expect(indexRouteList).toHaveLength(23);
  });

  test.each([
    [404, 'ChainNotConfiguredError', '/chains/nothing/headers'],
    [404, 'ChainNotConfiguredError', '/chains/nothing/search?q=1'],
    [404, 'NotFoundError', `${BITCOIN}/headers/${'ab'.repeat(32)}`],
    // Replaced only later.
    [404, 'NotFoundError', `${BITCOIN}/headers/${tipB}?at=22`],
    [404, 'NotFoundError', `${BITCOIN}/txs/${'ab'.repeat(32)}`],
    [404, 'NotFoundError', `${ETHEREUM}/txs/0x${'ab'.repeat(32)}/receipt`],
    [404, 'NotFoundError', `${BITCOIN}/blocks/99/txs`],
    [404, 'UnknownViewError', `${BITCOIN}/headers?at=26`],
    [400, 'BadRequestError', `${BITCOIN}/headers?at=-1`],
    [400, 'BadRequestError', `${BITCOIN}/headers?limit=1001`],
    [400, 'BadRequestError', `${BITCOIN}/headers?from=5&to=4`],
    [400, 'BadRequestError', `${BITCOIN}/headers?branches=1`],
    [400, 'MalformedInputError', `${BITCOIN}/headers?cursor=x`],
    [400, 'BadRequestError', `${BITCOIN}/blocks/119/txs?cursor=x`],
    [400, 'MalformedInputError', `${BITCOIN}/headers/xyz`],
    [400, 'BadRequestError', `${BITCOIN}/outputs`],
    [400, 'BadRequestError', `${BITCOIN}/outputs?script=00&address=${ADDRESS}`],
    [400, 'BadRequestError', `${BITCOIN}/outputs?script=0`],
    [400, 'MalformedInputError', `${BITCOIN}/outputs?address=bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4`],
    [400, 'BadRequestError', `${ETHEREUM}/outputs?script=00`],
    [400, 'BadRequestError', `${BITCOIN}/outputs/${both}/spenders`],
    [400, 'BadRequestError', `${BITCOIN}/outputs/${both}:4294967296/spenders`],
    [400, 'BadRequestError', `${BITCOIN}/txs/${both}/receipt`],
    [400, 'BadRequestError', `${BITCOIN}/addresses/${ADDRESS}/txs`],
    [400, 'MalformedInputError', `${ETHEREUM}/addresses/0x00/txs`],
    [400, 'BadRequestError', `${BITCOIN}/logs`],
    [400, 'BadRequestError', `${ETHEREUM}/logs`],
    [400, 'BadRequestError', `${ETHEREUM}/logs?from=0&to=10000`],
    [400, 'BadRequestError', `${ETHEREUM}/logs?topic=ab`],
    [400, 'MalformedInputError', `${ETHEREUM}/logs?topic=0xab`],
    [400, 'BadRequestError', `${ETHEREUM}/logs?${'topic=any&'.repeat(5)}from=1&to=2`],
    [400, 'BadRequestError', `${BITCOIN}/statistics?from=5&to=5`],
    [400, 'BadRequestError', `${BITCOIN}/statistics?from=0&to=4000000000&step=1`],
    [400, 'BadRequestError', `${BITCOIN}/lag?step=0`],
    [400, 'BadRequestError', `${BITCOIN}/search`],
    [400, 'MalformedInputError', `${BITCOIN}/search?q=hello`],
    [400, 'BadRequestError', '/proofs?limit=0'],
    [400, 'MalformedInputError', '/main/blocks?cursor=x'],
  ])('%i %s: %s', async (status, name, path) => {
    const answer = await server.get(path);
    expect(ErrorBody.parse(answer.body)).toMatchObject({ error: { name } });
    expect(answer.status).toBe(status);
  });

  it('takes so many contracts in a search for logs', async () => {
    const [most, over] = [64, 65].map((count) => `${ETHEREUM}/logs?address=${many(count)}`);
    expect((await server.get(most ?? '')).status).toBe(200);
    expect(await server.get(over ?? '')).toMatchObject({
      status: 413,
      body: { error: { name: 'LimitExceededError' } },
    });
  });

  it('takes scripts of 10,000 bytes', async () => {
    expect((await server.get(`${BITCOIN}/outputs?script=${'6a'.repeat(10_000)}`)).body.rows).toEqual([]);
    expect((await server.get(`${BITCOIN}/outputs?script=${'6a'.repeat(10_002)}`)).status).toBe(400);
  });

  it('tells of which network an address is', async () => {
    const { body } = await server.get(`${BITCOIN}/outputs?address=1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa`);
    expect(body.error.message).toContain('is of Bitcoin mainnet, not of bitcoin-regtest');
  });

  it('finds a transaction in every block that has it, and says which is on the best chain', async () => {
    const { body } = await server.get(`${BITCOIN}/txs/${both}`);
    expect(body.view).toEqual({ chain: 'bitcoin-regtest', number: '25', height: '120', hash: tipB });
    expect(
      body.rows.map((row: { blockHash: string; canonical: boolean }) => [row.blockHash, row.canonical]),
    ).toEqual([
      [display(named('bitcoin b 119')), true],
      [tipA, false],
    ]);
    expect(body.rows[0]).toMatchObject({ value: '2100000000000000', version: -1, lockTime: 4294967295 });
    const before = await server.get(`${BITCOIN}/txs/${both}?at=20`);
    expect(before.body.rows).toMatchObject([{ blockHash: tipA, canonical: true }]);
  });

  it('pages stay at the view of the first, whatever happens meanwhile', async () => {
    const first = await server.get(`${BITCOIN}/headers?limit=15&at=20`);
    expect(first.body.next).not.toBeNull();
    const second = await server.get(`${BITCOIN}/headers?limit=15&cursor=${first.body.next}`);
    expect(second.body.view).toEqual(first.body.view);
    expect(second.headers.get('cache-control')).toBe('public, max-age=300');
    const heights = [...first.body.rows, ...second.body.rows].map((row) => row.height);
    expect(heights).toEqual(Array.from({ length: 20 }, (_, i) => String(100 + i)));
    expect(second.body).toMatchObject({
      next: null,
      rows: expect.arrayContaining([{ ...second.body.rows.at(-1), hash: tipA }]),
    });
  });

  it("pages of a block by height are of the first page's block", async () => {
    const state = index.chains.get('bitcoin-regtest');
    const one = state?.transactions.find(
      (row) => toBareHex(row.blockHash) === toBareHex(named('bitcoin a 119')),
    );
    if (state === undefined || one === undefined) throw new Error('no such block');
    state.transactions.push({ ...one, hash: named('second'), position: 1 });
    const first = await server.get(`${BITCOIN}/blocks/119/txs?limit=1&at=20`);
    const second = await server.get(
      `${BITCOIN}/blocks/119/txs?limit=1&cursor=${encodeURIComponent(first.body.next)}`,
    );
    state.transactions.pop();
    expect(second.body.view).toEqual(first.body.view);
    expect(second.body).toMatchObject({
      next: null,
      rows: [{ hash: display(named('second')), blockHash: tipA }],
    });
  });

  it('a block by height is read where contents have come to, as long as they are behind', async () => {
    const state = index.chains.get('bitcoin-regtest');
    if (state === undefined) throw new Error('no such chain');
    state.contentsTo = 20;
    const path = `${BITCOIN}/blocks/119/txs`;
    const { body } = await server.get(path);
    expect(body).toMatchObject({ view: { number: '20' }, rows: [{ blockHash: tipA }] });
    expect((await server.get(`${BITCOIN}/blocks/120/txs`)).body.error.name).toBe('NotFoundError');
    expect((await server.get(`${path}?at=24`)).body.error.name).toBe('UnknownViewError');
    state.contentsTo = undefined;
  });

  it('has what spends an output, and what does not', async () => {
    const path = `${BITCOIN}/outputs?address=${ADDRESS}`;
    const { body } = await server.get(path);
    expect(body.rows).toHaveLength(21);
    expect(body.rows[0]).toMatchObject({
      address: ADDRESS,
      value: '2100000000000000',
      spentBy: { txid: display(named('paid 120 false')), vin: 0, height: '120', blockHash: tipB },
    });
    expect((await server.get(`${path}&unspent=true`)).body.rows).toHaveLength(20);
    expect((await server.get(`${path}&unspent=true&at=20`)).body.rows).toHaveLength(20);
    const { body: spenders } = await server.get(
      `${BITCOIN}/outputs/${display(named('paid 100 false'))}:0/spenders`,
    );
    expect(spenders.rows).toMatchObject([{ witness: ['0x0102', '0x'], sequence: 4294967294 }]);
    expect((await server.get(`${BITCOIN}/outputs/${both}:0/spenders`)).body.rows).toEqual([]);
  });

  it('filters logs as eth_getLogs does', async () => {
    const rows = async (query: string) => (await server.get(`${ETHEREUM}/logs?${query}`)).body.rows;
    const token = toHex(account('token'));
    const odd = toHex(named('to 1'));
    expect(await rows(`address=${token}`)).toHaveLength(21);
    expect(await rows(`address=${token},${toHex(account('other'))}`)).toHaveLength(42);
    expect(await rows(`topic=null&topic=any&topic=${odd}`)).toHaveLength(10);
    expect(await rows(`topic=any&topic=any&topic=${odd},${toHex(named('to 0'))}`)).toHaveLength(21);
    expect(await rows('from=100&to=101')).toHaveLength(4);
    expect(await rows(`from=100&to=109&topic=${toHex(TRANSFER)}&topic=${odd}`)).toEqual([]);
    const [log] = await rows(`address=${token}&from=119`);
    expect(log).toMatchObject({
      blockHash: toHex(named('ethereum b 119')),
      transactionHash: call,
      canonical: true,
    });
  });

  it('large numbers are decimal strings', async () => {
    const { body } = await server.get(`${ETHEREUM}/txs/${call}`);
    expect(body.rows[0]).toMatchObject({ nonce: String(2n ** 64n - 2n), value: `1${'0'.repeat(30)}` });
  });

  it('says where contents are not complete', async () => {
    const state = index.chains.get('ethereum-local');
    if (state === undefined) throw new Error('no such chain');
    state.contents = [
      { from: 100, to: 103 },
      { from: 110, to: 120 },
    ];
    const fresh = await serveIndex(index);
    const { body, headers } = await fresh.get(`${ETHEREUM}/logs?address=${toHex(account('token'))}&at=25`);
    expect(body.covered).toEqual({
      from: '100',
      to: '120',
      complete: false,
      note: 'history begins at 100, contents of heights 100–103, 110–120 of 100–120',
    });
    // What is missing now may come.
    expect(headers.get('cache-control')).toBe('no-cache');
    expect((await fresh.get(`${ETHEREUM}/txs/${call}?at=25`)).headers.get('cache-control')).toBe('no-cache');
    const hint = await fresh.get(`${ETHEREUM}/txs/0x${'ab'.repeat(32)}`);
    expect(hint.body.error.hint).toContain('100–103');
    const coverage = await fresh.get(`${ETHEREUM}/coverage`);
    expect(coverage.body.contents.ranges).toHaveLength(2);
    await fresh.close();
  });

  it('an answer does not lack what its view does not have yet', async () => {
    const state = index.chains.get('ethereum-local');
    if (state === undefined) throw new Error('no such chain');
    state.contents = [{ from: 100, to: 118 }];
    const fresh = await serveIndex(index);
    const { body } = await fresh.get(`${ETHEREUM}/logs?address=${toHex(account('token'))}`);
    expect(body.covered).toBeNull();
    const coverage = await fresh.get(`${ETHEREUM}/coverage`);
    expect(coverage.body).toMatchObject({
      contents: { from: '100', to: '118', complete: false },
      note: 'history begins at 100, contents of heights 100–118 of 100–120',
    });
    state.contents = undefined;
    await fresh.close();
  });

  it('an empty index answers that it is empty', async () => {
    const { FakeIndex: Empty } = await import('../../../test/support/index/fakeIndex.js');
    const empty = await serveIndex(new Empty());
    const { body } = await empty.get('');
    expect(body.chains[0]).toMatchObject({
      headers: '0',
      transactions: '0',
      view: { number: '0', height: '0' },
      contents: { complete: false, note: 'nothing is indexed yet' },
    });
    expect((await empty.get(`${BITCOIN}/headers`)).body.rows).toEqual([]);
    await empty.close();
  });

  it('an answer that is known already is not sent again', async () => {
    const path = `${BITCOIN}/headers?limit=3`;
    const { headers } = await server.get(path);
    const again = await server.get(path, { 'if-none-match': `"other", W/${headers.get('etag')}` });
    expect([again.status, again.text]).toEqual([304, '']);
    expect((await server.get(path, { 'if-none-match': '"other"' })).status).toBe(200);
  });
});

function many(count: number): string {
  return Array.from({ length: count }, (_, i) => toHex(account(String(i)))).join(',');
}
