import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IndexQueryError } from '../../../indexers/store/errors.js';
import { toHex } from '../../../proofs/bytes.js';
import { FakeIndex, FakeIndexed } from '../../../test/support/index/fakeIndex.js';
import { serveIndex } from '../../../test/support/index/serve.js';
import { account, fakeWorld, named } from '../../../test/support/index/world.js';

const LINES = { accept: 'application/x-ndjson' };
const CHAIN = 'ethereum-local';

/** An index of many headers: 2 kB a line. */
function long(count: number): FakeIndex {
  const index = new FakeIndex();
  const state = new FakeIndexed();
  index.chains.set(CHAIN, state);
  for (let height = 0; height < count; height++) {
    const hash = named(`${height}`);
    const header = { height, hash, parentHash: hash, time: height, raw: new Uint8Array(1000) };
    state.events.push({ type: 'connect', header });
  }
  return index;
}

describe('an export as lines', () => {
  let index: FakeIndex;
  let server: Awaited<ReturnType<typeof serveIndex>>;
  beforeEach(async () => {
    index = long(2500);
    server = await serveIndex(index);
  });
  afterEach(() => server.close());
  const lines = async (path: string) => {
    const { text, headers, status } = await server.get(path, LINES);
    return {
      status,
      headers,
      values: text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    };
  };

  it('has the view first, then every row, then an end', async () => {
    const { headers, values } = await lines(`/chains/${CHAIN}/headers`);
    expect(headers.get('content-type')).toContain('application/x-ndjson');
    expect(values[0]).toMatchObject({ view: { chain: CHAIN, number: '2500', height: '2499' } });
    expect(values.slice(1, -1).map((row) => Number(row.height))).toEqual(
      Array.from({ length: 2500 }, (_, i) => i),
    );
    expect(values.at(-1)).toEqual({ end: { rows: 2500, next: null } });
  });

  it('has at most as many rows as were asked for, and says where to go on', async () => {
    const { values } = await lines(`/chains/${CHAIN}/headers?limit=1200&from=10`);
    const { end } = values.at(-1);
    expect(end.rows).toBe(1200);
    const rest = await lines(`/chains/${CHAIN}/headers?from=10&cursor=${end.next}`);
    expect(rest.values[1].height).toBe('1210');
    expect(rest.values.at(-1)).toEqual({ end: { rows: 1290, next: null } });
    const over = await server.get(`/chains/${CHAIN}/headers?limit=1000001`, LINES);
    expect(over.status).toBe(400);
  });

  it('of logs says what is covered', async () => {
    const world = await serveIndex(fakeWorld());
    const { text } = await world.get(`/chains/${CHAIN}/logs?address=${toHex(account('token'))}`, LINES);
    const values = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(values[0]).toMatchObject({ view: { chain: CHAIN }, covered: null });
    expect(values).toHaveLength(23);
    await world.close();
  });

  it('is JSON for whoever takes both, and where there are no lines', async () => {
    const page = await server.get(`/chains/${CHAIN}/headers?limit=1`, { accept: '*/*' });
    expect(page.body.rows).toHaveLength(1);
    expect((await server.get('/counts', LINES)).body.rows).toHaveLength(1);
  });

  it('that fails at first fails as any answer; later its last line says so', async () => {
    index.fault = new IndexQueryError('headers', new Error('away'));
    expect((await server.get(`/chains/${CHAIN}/headers`, LINES)).status).toBe(503);
    index.fault = undefined;
    const asked = index.questions;
    const read = index.headers.bind(index);
    index.headers = async (chain, query) => {
      if (index.questions > asked + 1) throw new IndexQueryError('headers', new Error('gone'));
      return read(chain, query);
    };
    const { values } = await lines(`/chains/${CHAIN}/headers`);
    expect(values.at(-1).error).toMatchObject({ name: 'IndexQueryError', retryable: true, rows: 2000 });
    index.headers = async (chain, query) => {
      if (query.cursor !== undefined) throw new TypeError('secret inside');
      return read(chain, query);
    };
    const faulty = await lines(`/chains/${CHAIN}/headers`);
    expect(JSON.stringify(faulty.values.at(-1))).not.toContain('secret');
    expect(server.faults).toHaveLength(1);
  });

  it('reads no further than its reader takes, and ends when the reader is gone', async () => {
    await server.close();
    index = long(20_000);
    server = await serveIndex(index);
    const request = get(`${server.url}/chains/${CHAIN}/headers`, { headers: LINES });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.pause();
    const asked = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return index.questions;
    };
    let before = await asked();
    for (let now = await asked(); now !== before; now = await asked()) before = now;
    // Of twenty pages, what fits into the buffers of two sockets.
    expect(before).toBeLessThan(12);
    request.destroy();
    expect(await asked()).toBeLessThanOrEqual(before + 1);
    // Its place is free again.
    for (let i = 0; i < 6; i++)
      expect((await server.get(`/chains/${CHAIN}/headers?limit=1`, LINES)).status).toBe(200);
  });

  it('is one of few at a time', async () => {
    let go: () => void = () => undefined;
    index.pause = new Promise((resolve) => {
      go = resolve;
    });
    const before = index.questions;
    const waiting = Array.from({ length: 4 }, () => server.get(`/chains/${CHAIN}/headers?limit=1`, LINES));
    await expect.poll(() => index.questions - before).toBe(4);
    expect((await server.get(`/chains/${CHAIN}/headers`, LINES)).body).toMatchObject({
      error: { name: 'IndexBusyError' },
    });
    go();
    for (const one of await Promise.all(waiting)) expect(one.status).toBe(200);
  });
});
