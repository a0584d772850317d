import { createServer, get, type RequestListener, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { Gateway } from './gateway.js';

const open: (Server | Gateway)[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) {
    if (one instanceof Gateway) await one.close();
    else {
      one.closeAllConnections();
      await new Promise((resolve) => one.close(resolve));
    }
  }
});

async function server(handle: RequestListener): Promise<{ url: string; server: Server }> {
  const one = createServer(handle);
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  open.push(one);
  const address = one.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`,
    server: one,
  };
}

/** Answers with its name. */
const named =
  (name: string): RequestListener =>
  (_request, response) =>
    response.end(name);

async function gateway(targets: readonly string[], onChange?: (target: string, healthy: boolean) => void) {
  // Looks are made by the tests themselves.
  const one = await Gateway.start({
    ...{ host: '127.0.0.1', port: 0, targets, checkMs: 3_600_000 },
    ...(onChange === undefined ? {} : { onChange }),
  });
  open.push(one);
  return one;
}

const ask = async (url: string) => (await fetch(url)).text();

test('takes turns', async () => {
  const [a, b] = [await server(named('a')), await server(named('b'))];
  const { url } = await gateway([a.url, b.url]);
  const answers = [await ask(url), await ask(url), await ask(url), await ask(url)];
  expect(answers.join('')).toMatch(/^(abab|baba)$/);
});

test('asks the other where one is gone, and leaves it out from then on', async () => {
  const changes: [string, boolean][] = [];
  const [a, b] = [await server(named('a')), await server(named('b'))];
  const one = await gateway([a.url, b.url], (...change) => changes.push(change));
  a.server.closeAllConnections();
  await new Promise((resolve) => a.server.close(resolve));
  expect([await ask(one.url), await ask(one.url), await ask(one.url)]).toEqual(['b', 'b', 'b']);
  await one.check();
  expect(changes).toEqual([[a.url, false]]);
  const again = createServer(named('a again'));
  await new Promise<void>((resolve) => again.listen(Number(new URL(a.url).port), '127.0.0.1', resolve));
  open.push(again);
  await one.check();
  expect(changes.at(-1)).toEqual([a.url, true]);
  expect(new Set([await ask(one.url), await ask(one.url)])).toEqual(new Set(['a again', 'b']));
});

test('leaves out who says that it is not well, unless nobody is', async () => {
  let well = false;
  const sick = await server((request, response) => {
    response.statusCode = request.url === '/healthz' && !well ? 503 : 200;
    response.end('sick');
  });
  const fit = await server(named('fit'));
  const one = await gateway([sick.url, fit.url]);
  expect([await ask(one.url), await ask(one.url)]).toEqual(['fit', 'fit']);
  const alone = await gateway([sick.url]);
  expect(await ask(alone.url)).toBe('sick');
  well = true;
  await one.check();
  expect(new Set([await ask(one.url), await ask(one.url)])).toEqual(new Set(['sick', 'fit']));
});

test('hands on method, path, body, status and headers', async () => {
  const echo = await server((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      response.writeHead(418, { 'content-type': 'application/json', 'x-own': 'yes' });
      const { method, url, headers } = request;
      const body = Buffer.concat(parts).toString();
      response.end(
        JSON.stringify({
          method,
          url,
          body,
          type: headers['content-type'],
          from: headers['x-forwarded-for'],
        }),
      );
    });
  });
  const { url } = await gateway([echo.url]);
  const body = 'x'.repeat(1_000_000);
  const answer = await fetch(`${url}/v1/proofs/verify?a=%20b`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/octet-stream' },
  });
  expect([answer.status, answer.headers.get('x-own')]).toEqual([418, 'yes']);
  expect(await answer.json()).toEqual({
    ...{ method: 'POST', url: '/v1/proofs/verify?a=%20b', body },
    ...{ type: 'application/octet-stream', from: '127.0.0.1' },
  });
});

test('asks nobody but its own servers, whatever the path says', async () => {
  const paths: (string | undefined)[] = [];
  const target = await server((request, response) => {
    if (request.url !== '/healthz') paths.push(request.url);
    response.end('own');
  });
  const other = await server(named('elsewhere'));
  const { url } = await gateway([target.url]);
  const wanted = [other.url.replace('http:', ''), `${other.url}/x`];
  for (const path of wanted)
    expect(
      await new Promise((resolve) => {
        const { hostname, port } = new URL(url);
        get({ hostname, port, path }, (answer) => answer.on('data', (part) => resolve(String(part))));
      }),
    ).toBe('own');
  expect(paths).toEqual(wanted);
});

test('a question that may not be asked twice fails with the server; nobody there is told', async () => {
  let calls = 0;
  const cut = await server((request, response) => {
    if (request.url === '/healthz') return void response.end();
    calls++;
    request.socket.destroy();
  });
  const other = await server(named('other'));
  const { url } = await gateway([cut.url, other.url]);
  const posts = await Promise.all([1, 2].map(() => fetch(url, { method: 'POST', body: 'once' })));
  expect(posts.map(({ status }) => status).sort()).toEqual([200, 502]);
  expect(calls).toBe(1);
  expect([await ask(url), await ask(url)]).toEqual(['other', 'other']);
  const none = await gateway([]);
  const answer = await fetch(none.url);
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { error: expect.objectContaining({ name: 'GatewayError', retryable: true }) },
  ]);
});
