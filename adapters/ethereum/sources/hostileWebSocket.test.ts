import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '../../../proofs/bytes.js';
import { sampleHeader } from '../../../test/fixtures/ethereum/headers.js';
import { blockJson } from '../../../test/support/replayNode.js';
import {
  startWebSocketServer,
  type WebSocketPeer,
  type WebSocketServer,
} from '../../../test/support/webSocketServer.js';
import { SourceUnavailableError } from '../../errors.js';
import { EthereumRpcSource } from './jsonRpc.js';

const header = sampleHeader(7, 60);
const block = blockJson({
  number: 7,
  hash: toHex(header.hash),
  headerRlp: toHex(header.raw),
  transactions: [],
  receipts: [],
  ommersRlp: '0xc0',
  withdrawals: [],
});
let server: WebSocketServer;
let source: EthereumRpcSource;
/** By default an answer may take long: only what never comes shall be given up soon. */
const open = (timeoutMs = 20_000) =>
  new EthereumRpcSource({ chain: 'ethereum-local', url: server.url, timeoutMs, busyMs: 5 });
beforeEach(async () => {
  server = await startWebSocketServer();
  source = open();
});
afterEach(async () => {
  await source.close();
  await server.close();
});
const honest = (text: string, peer: WebSocketPeer) => {
  const { id, method } = JSON.parse(text) as { id: number; method: string };
  peer.send(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'eth_subscribe' ? '0x1' : block }));
};

describe('a WebSocket that sends', () => {
  it('what was asked for', async () => {
    server.onMessage = honest;
    expect(await source.tip()).toEqual({ height: 7, hash: header.hash });
    expect(server.opened).toBe(1);
  });

  it.each<[string, (text: string, peer: WebSocketPeer) => void]>([
    ['no JSON', (_, peer) => peer.send('hello')],
    ['nothing', () => undefined],
    ['an answer to something else', (_, peer) => peer.send('{"jsonrpc":"2.0","id":999999,"result":null}')],
    ['a number', (_, peer) => peer.send('7')],
    ['null', (_, peer) => peer.send('null')],
    ['a broken frame', (_, peer) => peer.raw(Uint8Array.of(0xff, 0xff, 0xff))],
    [
      'a frame that says it has gigabytes',
      (_, peer) => peer.raw(Uint8Array.of(0x81, 127, 0, 0, 0, 9, 0, 0, 0, 0)),
    ],
    ['its end', (_, peer) => peer.end()],
  ])('%s is unavailable, and asked again when it is better', async (_, misbehave) => {
    server.onMessage = misbehave;
    const hasty = open(300);
    const started = Date.now();
    await expect(hasty.tip()).rejects.toThrow(SourceUnavailableError);
    await expect(hasty.safe()).rejects.toThrow(SourceUnavailableError);
    expect(Date.now() - started).toBeLessThan(15_000);
    server.onMessage = honest;
    // A busy machine may need more than one try for an honest answer within so short a time.
    const options = { timeout: 20_000 };
    await expect.poll(() => hasty.tip().catch(() => undefined), options).toMatchObject({ height: 7 });
    await expect.poll(() => hasty.safe().catch(() => undefined), options).toMatchObject({ height: 7 });
    await hasty.close();
  });

  it.each([401, 404, 429, 500])('HTTP %i to the handshake is unavailable', async (status) => {
    server.refuse = status;
    await expect(source.tip()).rejects.toThrow(SourceUnavailableError);
    server.refuse = undefined;
    server.onMessage = honest;
    expect((await source.tip()).height).toBe(7);
  });

  it('a refusal of the subscription is polled instead, and not asked for again', async () => {
    const asked: string[] = [];
    server.onMessage = (text, peer) => {
      const { id, method } = JSON.parse(text) as { id: number; method: string };
      asked.push(method);
      if (method !== 'eth_subscribe') return honest(text, peer);
      peer.send(
        JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'the method does not exist' } }),
      );
    };
    let told = 0;
    const end = source.subscribe(() => told++);
    await expect.poll(() => asked).toEqual(['eth_subscribe']);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect([told, asked]).toEqual([0, ['eth_subscribe']]);
    expect((await source.tip()).height).toBe(7);
    end();
  });

  it('thousands of heads tells as often, and nothing after the end', async () => {
    server.onMessage = (text, peer) => {
      honest(text, peer);
      if (!text.includes('eth_subscribe')) return;
      for (let i = 0; i < 2000; i++)
        peer.send(
          `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x1","result":${i}}}`,
        );
    };
    let told = 0;
    const end = source.subscribe(() => told++);
    await expect.poll(() => told).toBeGreaterThan(100);
    end();
    const before = told;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(told).toBe(before);
  });
});
