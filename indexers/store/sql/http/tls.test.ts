import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { honest, json } from '../../../../test/support/clickhouse/liar.js';
import { findProgram } from '../../../../test/support/programs.js';
import { HttpSqlClient, type HttpSqlOptions } from './client.js';

const openssl = findProgram('openssl');
if (openssl === undefined) console.warn('openssl is not on PATH: certificates are not tested');
const installed = await import('@clickhouse/client').then(
  () => true,
  () => false,
);

describe.skipIf(openssl === undefined || !installed)('a ClickHouse over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-tls-'));
  const read = (name: string) => readFileSync(join(folder, name));
  const seen: { user: unknown; byCertificate: unknown; subject: unknown }[] = [];
  const clients: HttpSqlClient[] = [];
  let server: Server;
  let url: string;

  beforeAll(async () => {
    for (const [name, host] of [
      ['server', 'localhost'],
      ['client', 'relay'],
      ['other', 'localhost'],
    ]) {
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
      const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
      const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
      execFileSync(openssl ?? '', ['req', '-x509', ...key, ...files, ...subject], { stdio: 'pipe' });
    }
    const tls = { key: read('server.key'), cert: read('server.pem'), ca: read('client.pem') };
    server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const socket = request.socket as TLSSocket;
      const { authorization, 'x-clickhouse-user': user } = request.headers;
      seen.push({
        user: user ?? authorization,
        byCertificate: request.headers['x-clickhouse-ssl-certificate-auth'],
        subject: socket.authorized ? socket.getPeerCertificate().subject.CN : undefined,
      });
      request.resume().on('end', () => response.writeHead(200, honest).end(json([{ a: 1 }])));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await Promise.all(clients.map((one) => one.close()));
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true });
  });

  const ask = async (tls: HttpSqlOptions['tls']) => {
    const client = await HttpSqlClient.open({
      ...{
        url,
        username: 'relay',
        password: '',
        requestTimeoutMs: 10_000,
        compression: 'none',
        maxConnections: 1,
      },
      ...(tls === undefined ? {} : { tls }),
    });
    clients.push(client);
    return client.query('over TLS', 'SELECT 1 AS a', z.object({ a: z.number() }));
  };

  test('is believed by the authority that the configuration names', async () => {
    expect(await ask({ ca: read('server.pem') })).toEqual([{ a: 1 }]);
    expect(seen.at(-1)).toMatchObject({ user: 'relay', byCertificate: undefined, subject: undefined });
  });

  test('is shown a certificate where there is one', async () => {
    const tls = { ca: read('server.pem'), cert: read('client.pem'), key: read('client.key') };
    expect(await ask(tls)).toEqual([{ a: 1 }]);
    expect(seen.at(-1)).toEqual({ user: 'relay', byCertificate: 'on', subject: 'relay' });
  });

  test.each([
    ['of another authority', () => ({ ca: read('other.pem') })],
    ['of nobody that the system knows', () => undefined],
  ])('%s is refused, for good', async (_, tls) => {
    const before = seen.length;
    await expect(ask(tls())).rejects.toMatchObject({
      name: 'IndexQueryError',
      retryable: false,
      message: expect.stringMatching(/certificate/),
    });
    expect(seen.length).toBe(before);
  });
});
