import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PeerSession } from './session.js';
import { PEER_TIMES } from './times.js';

const HOST = '127.0.0.1';
const servers: Server[] = [];
const ports: number[] = [];
let tried: number[] = [];

beforeAll(async () => {
  for (let i = 0; i < 4; i++) {
    const server = createServer((socket) => {
      tried.push(ports.indexOf(socket.localPort ?? 0));
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    servers.push(server);
    ports.push(address.port);
  }
});
afterAll(() => {
  for (const server of servers) server.close();
});

/** The order in which a session tries four nodes, each of which closes at once. */
async function order(address: string): Promise<number[]> {
  tried = [];
  const session = new PeerSession({
    name: 'a peer',
    chain: 'bitcoin-signet',
    address,
    times: PEER_TIMES,
    backoffMs: 1,
    maxBackoffMs: 1,
    resolve: async () => ports.map((port) => ({ host: HOST, port })),
    onPeer: () => undefined,
  });
  await expect(session.peer()).rejects.toThrow(/closed|ECONNRESET/);
  session.close();
  return tried;
}

it('two sessions with DNS seeds begin at different nodes, as long as there are any; all are tried', async () => {
  const firsts = new Set<number | undefined>();
  for (let i = 0; i < 60; i++) {
    const found = await order('seeds');
    expect([...found].sort()).toEqual([0, 1, 2, 3]);
    firsts.add(found[0]);
  }
  expect(firsts.size).toBe(4);
});

it('a name of one’s own is tried in the order in which it resolves', async () => {
  for (let i = 0; i < 4; i++) expect(await order('node.example.org')).toEqual([0, 1, 2, 3]);
});
