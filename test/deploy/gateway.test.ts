import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endWithUs } from '../../devnet/endWithUs.js';
import { freePorts } from '../../devnet/ports.js';
import { findProgram } from '../../devnet/programs.js';
import { readText } from './files.js';

/** The address in front of the API servers: a real HAProxy with the project's file, of which only addresses are changed. */
const haproxy = findProgram('haproxy', ['/usr/sbin', '/usr/local/sbin']);
if (haproxy === undefined) console.warn('the gateway is not run: haproxy is not on PATH');

interface ApiServer {
  readonly name: string;
  readonly port: number;
  well: boolean;
  server: Server | undefined;
  /** Requests besides those for its health. */
  asked: number;
}

let folder: string;
let child: ChildProcess | undefined;
let servers: ApiServer[];
let url: string;
let numbers: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  const first = await freePorts(4);
  servers = ['api-0', 'api-1'].map((name, i) => ({
    ...{ name, port: first + 2 + i, well: true, server: undefined, asked: 0 },
  }));
  await Promise.all(servers.map(up));
  url = `http://127.0.0.1:${first}`;
  numbers = `http://127.0.0.1:${first + 1}`;
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await Promise.all(servers.map(down));
  rmSync(folder, { recursive: true });
});

/** Says who answers and who asks; `/refuse` is refused by all but the second. */
async function up(api: ApiServer): Promise<void> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') response.statusCode = api.well ? 200 : 503;
    else api.asked++;
    if (request.url === '/busy' && api.name === 'api-0') response.statusCode = 503;
    response.end(JSON.stringify({ name: api.name, from: request.headers['x-forwarded-for'] }));
  });
  await new Promise<void>((resolve) => server.listen(api.port, '127.0.0.1', resolve));
  api.server = server;
}
async function down(api: ApiServer): Promise<void> {
  const { server } = api;
  api.server = undefined;
  if (server === undefined) return;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

interface Said {
  readonly name: string;
  readonly from: string;
}
const ask = async (path: string, headers: Record<string, string> = {}): Promise<Said> =>
  (await (await fetch(`${url}${path}`, { headers })).json()) as Said;
const both = async (): Promise<string[]> => {
  const said = [await ask('/'), await ask('/'), await ask('/'), await ask('/')];
  return [...new Set(said.map(({ name }) => name))].sort();
};

describe.skipIf(haproxy === undefined).sequential('HAProxy', () => {
  test('takes the file', async () => {
    const port = (address: string) => new URL(address).port;
    const file = join(folder, 'haproxy.cfg');
    let text = readText('deploy/gateway/haproxy.cfg')
      .replace('bind :4700', `bind 127.0.0.1:${port(url)}`)
      .replace('bind :8405', `bind 127.0.0.1:${port(numbers)}`);
    for (const { name, port } of servers) text = text.replace(`${name}:4700`, `127.0.0.1:${port}`);
    writeFileSync(file, text);
    const { status, stdout, stderr } = spawnSync(haproxy ?? '', ['-c', '-f', file], { encoding: 'utf8' });
    expect([status, `${stdout}${stderr}`]).toEqual([
      0,
      expect.stringContaining('Configuration file is valid'),
    ]);
    child = spawn(haproxy ?? '', ['-db', '-f', file], { stdio: 'ignore' });
    endWithUs(child);
    await expect
      .poll(() =>
        fetch(`${numbers}/healthz`).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  test('takes turns among the API servers', async () => {
    await expect.poll(both).toEqual(['api-0', 'api-1']);
  });

  test('says who asks, whatever the client said', async () => {
    expect((await ask('/')).from).toBe('127.0.0.1');
    expect((await ask('/', { 'x-forwarded-for': '198.51.100.7' })).from).toBe('127.0.0.1');
    expect((await ask('/', { 'x-forwarded-for': '198.51.100.7, 203.0.113.9' })).from).toBe('127.0.0.1');
  });

  test('asks another server where one has no place, and shows nobody the numbers', async () => {
    for (let i = 0; i < 4; i++) expect((await ask('/busy')).name).toBe('api-1');
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    const own = await (await fetch(`${numbers}/metrics`)).text();
    expect(own).toMatch(/^haproxy_server_status\{proxy="servers",server="api-0",state="UP"\} 1$/m);
    expect((await fetch(`${numbers}/`)).status).toBe(404);
  });

  test('leaves out a server that is not well, and one that is gone, and takes them back', async () => {
    const [first, second] = servers as [ApiServer, ApiServer];
    first.well = false;
    await expect.poll(both).toEqual(['api-1']);
    first.well = true;
    await expect.poll(both).toEqual(['api-0', 'api-1']);
    await down(second);
    // No request fails, also before it is noticed.
    for (let i = 0; i < 6; i++) expect((await ask('/')).name).toBe('api-0');
    await up(second);
    await expect.poll(both).toEqual(['api-0', 'api-1']);
  });
});
