import { request } from 'node:http';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { StatusServer } from './statusServer.js';

function status(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('what is wrong is told without addresses', async () => {
  const checks = { work: () => Promise.reject(new Error('connect ECONNREFUSED 10.1.2.3:9092')) };
  const server = await StatusServer.start({ host: '127.0.0.1', port: 0, registry: new Registry(), checks });
  const answer = await fetch(`${server.url}/readyz`);
  const message = 'connect ECONNREFUSED (address)';
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { ready: false, checks: { work: { ok: false, message } } },
  ]);
  await server.close();
});

test('a status port on loopback answers to its own names alone, one elsewhere to any', async () => {
  const start = (host: string) =>
    StatusServer.start({ host, port: 0, registry: new Registry(), checks: { work: async () => undefined } });
  const local = await start('127.0.0.1');
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    expect(await status(local.url + path, 'localhost:4740')).toBe(200);
    expect(await status(local.url + path, 'evil.example')).toBe(400);
  }
  await local.close();
  const open = await start('0.0.0.0');
  expect(await status(open.url.replace('0.0.0.0', '127.0.0.1'), 'indexer-0:4740')).toBe(404);
  await open.close();
});
