import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { LOCAL, useSourceNode } from '../../../test/fixtures/ethereum/sourceNode.js';
import type { RpcRequests } from '../../../test/fixtures/ethereum/tamperer.js';
import { SourceUnavailableError } from '../../errors.js';
import { EthereumRpcSource } from './jsonRpc.js';

const at = useSourceNode();
let source: EthereumRpcSource | undefined;
afterEach(() => source?.close());

function open(options: Partial<ConstructorParameters<typeof EthereumRpcSource>[0]> = {}) {
  source = new EthereumRpcSource({ chain: LOCAL, url: at.node.url, busyMs: 5, ...options });
  return source;
}

const sizeOf = (asked: RpcRequests) => (Array.isArray(asked) ? asked.length : 0);
function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
/** An error about a request as a whole. */
const refusing = (code: number, message: string) => ({ jsonrpc: '2.0', id: null, error: { code, message } });

/** Answers batches of more than `most` calls so; 0: single calls alone pass. @returns the sizes of batches, 0 for a call by itself */
function limitTo(most: number, answer: (response: ServerResponse) => void): number[] {
  const sizes: number[] = [];
  at.node.takeOver = (response, asked) => {
    sizes.push(sizeOf(asked));
    if (sizeOf(asked) <= most) return false;
    answer(response);
    return true;
  };
  return sizes;
}

describe('a node that takes no batches, or small ones alone', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['one error', (response) => json(response, 200, refusing(-32600, 'batch requests are not supported'))],
    ['a list of one error', (response) => json(response, 200, [refusing(-32600, 'batch too large')])],
    ['HTTP 400', (response) => json(response, 400, refusing(-32000, 'maximum batch size is 10'))],
    ['HTTP 413', (response) => void response.writeHead(413).end('too large')],
    ['an empty list', (response) => json(response, 200, [])],
  ])('and says so by %s is asked for less at once, from then on', async (_, answer) => {
    const honest = (await open().headers(1, 50)).map(({ hash }) => hash);
    for (const most of [10, 0]) {
      const sizes = limitTo(most, answer);
      const poor = open();
      expect((await poor.headers(1, 50)).map(({ hash }) => hash)).toEqual(honest);
      expect(Math.max(...sizes.slice(-3))).toBeLessThanOrEqual(most);
      sizes.length = 0;
      await poor.headers(51, 30);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
      await poor.tip();
    }
  });

  it('and leaves an answer out is asked again, and is no liar', async () => {
    const { anvil } = at;
    at.node.takeOver = async (response, asked) => {
      const calls = [asked].flat() as { id: number; method: string; params: [] }[];
      const answers = [];
      for (const { id, method, params } of calls)
        answers.push({ jsonrpc: '2.0', id, result: await anvil.call(method, params) });
      // Never the second of several.
      if (answers.length > 1) answers.splice(1, 1);
      json(response, 200, Array.isArray(asked) ? answers.reverse() : answers[0]);
    };
    expect((await open().headers(1, 20)).map(({ height }) => height)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  it('a page that is no JSON is no reason to ask for less', async () => {
    const sizes: number[] = [];
    at.node.takeOver = (response, asked) => {
      sizes.push(sizeOf(asked));
      if (sizes.length > 1) return false;
      response.end('<html>checking your browser</html>');
      return true;
    };
    const poor = open();
    await expect(poor.headers(1, 50)).rejects.toThrow(SourceUnavailableError);
    expect(await poor.headers(1, 50)).toHaveLength(50);
    expect(sizes).toEqual([50, 50]);
  });

  it('and is asked in several ranges at once learns it once', async () => {
    const sizes = limitTo(10, (response) => json(response, 200, refusing(-32600, 'batch too large')));
    const poor = open();
    await Promise.all([poor.headers(1, 90), poor.headers(10, 60), poor.headers(20, 30)]);
    sizes.length = 0;
    await poor.headers(1, 40);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  });

  it('single calls go by themselves', async () => {
    const sizes = limitTo(0, (response) => json(response, 200, refusing(-32600, 'no batches')));
    await open().tip();
    await open().finalized();
    expect(sizes).toEqual([0, 0]);
  });

  it.each([
    ['no object', 7],
    ['another call’s answer', { jsonrpc: '2.0', id: 99_999_999, result: {} }],
    ['neither result nor error', { jsonrpc: '2.0' }],
    ['a list of two', [1, 2]],
  ])('an answer that is %s is none', async (_, body) => {
    at.node.takeOver = (response) => json(response, 200, body);
    await expect(open().tip()).rejects.toThrow(/node at 127/);
    await expect(open().headers(1, 5)).rejects.toThrow(SourceUnavailableError);
  });
});

describe('a node that is busy', () => {
  it.each([1, 50])(
    'and says so by HTTP 429 with a JSON-RPC error gets the pause it asks for (%i calls)',
    async (count) => {
      let requests = 0;
      at.node.takeOver = (response) => {
        if (requests++ > 0) return false;
        response.setHeader('retry-after', '1');
        json(response, 429, refusing(429, 'exceeded its compute units per second capacity'));
        return true;
      };
      const start = Date.now();
      expect(await open().headers(1, count)).toHaveLength(count);
      expect(Date.now() - start).toBeGreaterThanOrEqual(990);
      expect(requests).toBeGreaterThan(1);
    },
  );

  it('and says so by one error for a whole batch gets the batch again', async () => {
    const sizes: number[] = [];
    at.node.takeOver = (response, asked) => {
      sizes.push(sizeOf(asked));
      if (sizes.length > 1) return false;
      json(response, 200, refusing(-32005, 'limit exceeded'));
      return true;
    };
    expect(await open().headers(1, 50)).toHaveLength(50);
    // Each call waits by itself: on a busy machine not all of them wake up at once.
    expect(sizes[0]).toBe(50);
    expect(sizes.length).toBeGreaterThan(1);
  });

  it.each([
    [-32016, 'over rate limit'],
    [-32007, '50/second request limit reached'],
    [-32029, 'Too Many Requests'],
  ])('in words and with a code of its own (%i)', async (code, message) => {
    let requests = 0;
    at.node.takeOver = (response, asked) => {
      if (requests++ > 1) return false;
      const [first] = [asked].flat();
      json(response, 200, { ...refusing(code, message), id: first!.id });
      return true;
    };
    await open().tip();
    expect(requests).toBe(3);
  });
});

it('a refusal that comes with HTTP 4xx is a refusal', async () => {
  at.node.takeOver = (response, asked) => {
    const [first] = [asked].flat();
    if (first!.method !== 'eth_getBlockReceipts') return false;
    json(response, 400, { ...refusing(-32600, 'Unsupported method: eth_getBlockReceipts'), id: first!.id });
    return true;
  };
  const hash = (await open().headers(1, 1))[0]!.hash;
  expect((await open().block(hash)).receipts!.length).toBeGreaterThan(0);
});
