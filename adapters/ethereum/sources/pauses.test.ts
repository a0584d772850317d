import { afterEach, describe, expect, it } from 'vitest';
import { LOCAL, useSourceNode } from '../../../test/fixtures/ethereum/sourceNode.js';
import { Refusal } from '../../../test/fixtures/ethereum/tamperer.js';
import { SourceUnavailableError } from '../../errors.js';
import { EthereumRpcSource } from './jsonRpc.js';

const at = useSourceNode();
let source: EthereumRpcSource | undefined;
afterEach(() => source?.close());

function open(options: Partial<ConstructorParameters<typeof EthereumRpcSource>[0]> = {}) {
  source = new EthereumRpcSource({ chain: LOCAL, url: at.node.url, busyMs: 20, ...options });
  return source;
}

/** Answers the first `times` requests with a status. @returns how many requests there were */
function busy(times: number, status: number, retryAfter?: string): { requests: number } {
  const seen = { requests: 0 };
  at.node.takeOver = (response) => {
    seen.requests++;
    if (seen.requests >= times) at.node.takeOver = undefined;
    response.statusCode = status;
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
    response.end('slow down');
  };
  return seen;
}

describe('a node that asks for a pause', () => {
  it('by Retry-After gets it, and is then asked again', async () => {
    const seen = busy(1, 429, '1');
    const start = Date.now();
    expect((await open().tip()).height).toBeGreaterThan(0);
    expect(Date.now() - start).toBeGreaterThanOrEqual(990);
    expect(seen.requests).toBe(1);
  });

  it('for longer than is waited for is left alone until then', async () => {
    const seen = busy(5, 503, '45');
    const quick = open();
    await expect(quick.tip()).rejects.toThrow(/asks for a pause of 45 s/);
    await expect(quick.headers(1, 3)).rejects.toThrow(SourceUnavailableError);
    expect(seen.requests).toBe(1);
  });

  it('without saying how long is asked three times more, each time later', async () => {
    const seen = busy(3, 429);
    const start = Date.now();
    await open().tip();
    expect(Date.now() - start).toBeGreaterThanOrEqual(20 + 40 + 80 - 5);
    expect(seen.requests).toBe(3);
    const stubborn = busy(100, 429);
    await expect(open().tip()).rejects.toThrow(SourceUnavailableError);
    expect(stubborn.requests).toBe(4);
  });

  it('for a whole batch gets the batch again, as one', async () => {
    const seen = busy(1, 429, '0');
    expect(await open().headers(1, 50)).toHaveLength(50);
    expect(seen.requests).toBe(1);
  });

  it.each([-32005, 429])('by the JSON-RPC error %i', async (code) => {
    let times = 0;
    at.node.tamper = (_method, _params, result) => {
      if (times++ < 2) throw new Refusal(code, 'daily request count exceeded');
      return result;
    };
    await open().tip();
    expect(times).toBe(3);
  });

  it('ends with its source', async () => {
    busy(1, 429, '9');
    const closing = open();
    const answer = expect(closing.tip()).rejects.toThrow(/is closed/);
    setTimeout(() => void closing.close(), 50);
    await answer;
  });
});

it('asks no more often than it may', async () => {
  const slow = open({ requestsPerSecond: 50 });
  const start = Date.now();
  await slow.headers(1, 10);
  expect(Date.now() - start).toBeGreaterThanOrEqual(9 * 20 - 10);
  expect(at.node.calls).toHaveLength(10);
});

it('follows no redirect', async () => {
  at.node.takeOver = (response) => {
    response.statusCode = 307;
    response.setHeader('location', at.anvil.url);
    response.end();
  };
  await expect(open().tip()).rejects.toThrow(SourceUnavailableError);
});
