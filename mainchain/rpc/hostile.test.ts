import { createServer, type RequestListener, request, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { NodeUnavailableError } from './errors.js';
import { isServedHost } from './hosts.js';
import { httpClient } from './http.js';
import type { NodeClient } from './local.js';
import { RpcServer } from './server.js';

const servers: RpcServer[] = [];
const liars: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  for (const liar of liars.splice(0)) {
    liar.closeAllConnections();
    liar.close();
  }
});

/** A node that knows one thing, behind its RPC. */
async function node(more: Partial<Parameters<typeof RpcServer.start>[0]> = {}) {
  const client = { governanceSequence: async () => 7 } as unknown as NodeClient;
  const server = await RpcServer.start({ client, port: 0, metrics: async () => 'numbers 1\n', ...more });
  servers.push(server);
  return server;
}

/** Whoever answers in a node's place. @returns its URL */
async function liar(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  liars.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  return `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
}

function ask(url: string, options: { method?: string; headers?: Record<string, string>; body?: Uint8Array }) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
const json = { 'content-type': 'application/json' };

describe('the RPC port', () => {
  it.each(['/metrics', '/healthz', '/'])(
    'does not answer %s to a page whose own name points at loopback',
    async (path) => {
      const { url } = await node();
      const method = path === '/' ? 'POST' : 'GET';
      const body = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"governanceSequence"}');
      const answer = async (host: string) =>
        ask(url + path, { method, headers: { ...json, host }, ...(method === 'POST' ? { body } : {}) });
      expect(await answer('evil.example')).toMatchObject({ status: 400 });
      expect(await answer('127.0.0.1.evil.example:80')).toMatchObject({ status: 400 });
      expect(await answer('localhost:4720')).toMatchObject({ status: 200 });
    },
  );

  it('elsewhere than on loopback answers to any name', () => {
    expect(isServedHost('0.0.0.0', 'node-0:4720')).toBe(true);
    expect(isServedHost('10.0.0.7', undefined)).toBe(true);
    expect(isServedHost('::1', '[::1]:4720')).toBe(true);
    expect(isServedHost('127.0.0.1', undefined)).toBe(false);
    expect(isServedHost('127.0.0.1', '[::1')).toBe(false);
  });

  it('counts whatever is asked, numbers too', async () => {
    const { url } = await node({ rate: [0, 2] });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await ask(`${url}/metrics`, {})).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await ask(`${url}/healthz`, {})).status).toBe(200);
  });

  it.each([true, false])('says that a request is too long, its length being told: %s', async (told) => {
    const { url } = await node({ maxBody: 1000 });
    const headers: Record<string, string> = told ? { ...json, 'content-length': '100000' } : json;
    const { status, text } = await ask(url, { method: 'POST', headers, body: new Uint8Array(100_000) });
    expect(status).toBe(413);
    expect(JSON.parse(text)).toMatchObject({ error: { data: { name: 'LimitExceededError' } } });
  });

  it('holds only so many bytes of requests at once', async () => {
    const server = await node();
    const { port, hostname } = new URL(server.url);
    const head = 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
    for (let i = 0; i < 10; i++) {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    }
    const body = new Uint8Array(6 * 2 ** 20);
    const status = () =>
      ask(server.url, { method: 'POST', headers: json, body: body.subarray(1) }).then(
        (answer) => answer.status,
        () => 503,
      );
    // Once it has seen those ten, and again when it has seen them go.
    await expect.poll(status).toBe(503);
    for (const socket of sockets.splice(0)) socket.destroy();
    const client = httpClient({ url: server.url });
    await expect.poll(() => client.governanceSequence().catch(() => undefined)).toBe(7);
  });

  it('answers deeply nested parameters as what they are not', async () => {
    const { url } = await node();
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const body = Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"chain","params":[${deep}]}`);
    const { text } = await ask(url, { method: 'POST', headers: json, body });
    expect(JSON.parse(text)).toMatchObject({ error: { code: -32602, data: { name: 'BadRequestError' } } });
  });
});

describe('a client', () => {
  const unavailable = (url: string, maxAnswer?: number) =>
    expect(httpClient({ url, ...(maxAnswer === undefined ? {} : { maxAnswer }) }).governanceSequence())
      .rejects;

  it('reads no more than so much of an answer', async () => {
    let sent = 0;
    const url = await liar((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    });
    await unavailable(url, 2 ** 20).toThrow(/exceeds the limit/);
    expect(sent).toBeLessThan(32 * 2 ** 20);
  });

  it.each<[string, string]>([
    ['nesting without end', `{"jsonrpc":"2.0","id":1,"result":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a web page', '<html></html>'],
    ['nothing', ''],
  ])('takes %s for no answer', async (_, text) => {
    const url = await liar((_request, response) => void response.end(text));
    await unavailable(url).toThrow(NodeUnavailableError);
  });

  it('is sent nowhere else', async () => {
    let asked = 0;
    const elsewhere = await liar((_request, response) => {
      asked++;
      response.end('{"jsonrpc":"2.0","id":1,"result":"7"}');
    });
    const url = await liar(
      (_request, response) => void response.writeHead(307, { location: elsewhere }).end(),
    );
    await unavailable(url).toThrow(NodeUnavailableError);
    expect(asked).toBe(0);
  });
});
