import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { IndexQueryError, IndexUnavailableError } from '../../../indexers/store/errors.js';
import { reversed, toBareHex, toHex } from '../../../proofs/bytes.js';
import type { FakeIndex } from '../../../test/support/index/fakeIndex.js';
import { serveIndex } from '../../../test/support/index/serve.js';
import { ADDRESS, account, fakeWorld, named, SCRIPT } from '../../../test/support/index/world.js';

const BITCOIN = '/chains/bitcoin-regtest';
const ETHEREUM = '/chains/ethereum-local';
const display = (hash: Uint8Array) => toBareHex(reversed(hash));
const both = display(named('both'));
const call = toHex(named('call 119'));
const tipA = display(named('bitcoin a 119'));
const tipB = display(named('bitcoin b 120'));

let index: FakeIndex;
let server: Awaited<ReturnType<typeof serveIndex>>;
beforeAll(async () => {
  index = fakeWorld();
  server = await serveIndex(index);
});
afterAll(() => server.close());

describe('a search', () => {
  test.each([
    [both, [['transaction', `${BITCOIN}/txs/${both}`]]],
    [` ${tipA} `, [['block', `${BITCOIN}/headers/${tipA}`]]],
    ['120', [['block', `${BITCOIN}/headers/${tipB}`]]],
    ['99', []],
    ['cd'.repeat(32), []],
    [ADDRESS, [['address', `${BITCOIN}/outputs?address=${ADDRESS}`]]],
    [toBareHex(SCRIPT), [['script', `${BITCOIN}/outputs?script=${toBareHex(SCRIPT)}`]]],
  ])('searches %s', async (text, expected) => {
    const { body } = await server.get(`${BITCOIN}/search?q=${encodeURIComponent(text)}`);
    expect(body.found.map((one: { type: string; path: string }) => [one.type, one.path])).toEqual(
      expected.map(([type, path]) => [type, `/v1/index${path}`]),
    );
    for (const { path } of body.found)
      expect((await server.get(path.slice('/v1/index'.length))).status).toBe(200);
  });

  it('searches Ethereum', async () => {
    const found = async (text: string) => (await server.get(`${ETHEREUM}/search?q=${text}`)).body.found;
    expect(await found(call)).toMatchObject([{ type: 'transaction' }]);
    const address = toHex(account('alice'));
    expect(await found(address)).toEqual([
      { type: 'address', path: `/v1/index${ETHEREUM}/addresses/${address}/txs` },
    ]);
    expect(await found('0x12')).toEqual([]);
  });
});

describe('where the index does not answer', () => {
  it('an index that is away: 503 with the reason', async () => {
    index.fault = new IndexUnavailableError('the library cannot be loaded');
    expect(await server.get('/main/blocks')).toMatchObject({
      status: 503,
      body: {
        error: { name: 'IndexUnavailableError', message: expect.stringContaining('cannot be loaded') },
      },
    });
    index.fault = new IndexQueryError('headers', new Error('connection refused'));
    expect((await server.get(`${BITCOIN}/headers`)).status).toBe(503);
    index.fault = undefined;
    const none = await serveIndex(undefined);
    expect(await none.get('')).toMatchObject({ status: 503, body: { error: { name: 'NoIndexError' } } });
    await none.close();
  });

  it('a question that takes too long is given up', async () => {
    const hasty = await serveIndex(index, { timeoutMs: 100 });
    let go: () => void = () => undefined;
    index.pause = new Promise((resolve) => {
      go = resolve;
    });
    const { status, body, headers } = await hasty.get('/main/blocks');
    index.pause = undefined;
    go();
    expect({ status, body }).toMatchObject({ status: 503, body: { error: { name: 'IndexTimeoutError' } } });
    expect(headers.get('retry-after')).toBe('2');
    await hasty.close();
  });
});
