import { request as ask } from 'node:http';
import { connect, type Socket } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { readBodies } from './bodies.js';
import { RequestTimeoutError, ServerBusyError } from './errors.js';
import { Gate } from './gate.js';
import { errorHandler, timeout } from './middleware.js';
import { type HttpServer, listen } from './server.js';

const servers: HttpServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(build: (app: express.Express) => void, faults: unknown[] = []) {
  const app = express();
  build(app);
  app.use(errorHandler((fault) => faults.push(fault)));
  const server = await listen(app, '127.0.0.1', 0);
  servers.push(server);
  return server;
}

/** One connection that is kept; each question's status line. */
function connection({ port }: HttpServer) {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  let closed = false;
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  socket.on('close', () => {
    closed = true;
  });
  return {
    isClosed: () => closed,
    get: (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`),
    statuses: () => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status)),
  };
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 90_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('nothing happened in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('an answer that comes after its time', () => {
  test('is dropped, and neither the connection nor the log hears of it', async () => {
    const faults: unknown[] = [];
    const server = await serve((app) => {
      app.use(timeout(50));
      app.get('/slow', async (_request, response) => {
        await pause(150);
        response.json({ late: true });
      });
      app.get('/quick', (_request, response) => void response.json({}));
    }, faults);
    const one = connection(server);
    one.get('/slow');
    await until(() => one.statuses().length === 1);
    await pause(200);
    one.get('/quick');
    await until(() => one.statuses().length === 2 || one.isClosed());
    expect(one.statuses()).toEqual([503, 200]);
    expect(faults).toEqual([]);
  });

  test('that is a fault is told to the log', async () => {
    const faults: unknown[] = [];
    const server = await serve((app) => {
      app.use(timeout(50));
      app.get('/slow', async () => {
        await pause(100);
        throw new RangeError('a fault of ours');
      });
    }, faults);
    expect((await fetch(`${server.url}/slow`)).status).toBe(503);
    await until(() => faults.length === 1);
  });

  test('that broke off does not look whole', async () => {
    const faults: unknown[] = [];
    const server = await serve((app) => {
      app.get('/half', async (_request, response) => {
        response.write('half');
        throw new RangeError('a fault of ours');
      });
    }, faults);
    await expect(fetch(`${server.url}/half`).then((r) => r.text())).rejects.toThrow();
    expect(faults).toHaveLength(1);
  });
});

describe('the gate', () => {
  const errors = { busy: () => new ServerBusyError('proofs'), late: () => new RequestTimeoutError('late') };

  test('lets so many through, so many wait, and refuses the rest', async () => {
    const gate = new Gate({ concurrent: 2, waiting: 3, timeoutMs: 90_000 }, errors);
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++running);
      await pause(20);
      running--;
    };
    const ends = await Promise.allSettled(Array.from({ length: 10 }, () => gate.run(work)));
    expect(most).toBe(2);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(ServerBusyError);
  });

  test('does not begin what nobody waits for any more', async () => {
    const gate = new Gate({ concurrent: 1, waiting: 3, timeoutMs: 30 }, errors);
    const began: string[] = [];
    const first = gate.run(async () => {
      began.push('first');
      await pause(80);
    });
    const second = gate.run(async () => {
      began.push('second');
    });
    await expect(first).rejects.toThrow(RequestTimeoutError);
    await expect(second).rejects.toThrow(RequestTimeoutError);
    await pause(100);
    expect(began).toEqual(['first']);
  });
});

describe('bodies', () => {
  const limits = { each: 1000, together: 2500, perAddress: 10 };
  const echo = (of: Partial<typeof limits> = {}) =>
    serve((app) => {
      app.post('/', readBodies({ ...limits, ...of }), (request, response) => {
        response.json({ length: request.body.length });
      });
    });
  /** Says that a body comes and sends none of it. */
  function promise(server: HttpServer, length: number | undefined) {
    const socket = connect(server.port, '127.0.0.1');
    sockets.push(socket);
    const told = length === undefined ? 'transfer-encoding: chunked' : `content-length: ${length}`;
    socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\n${told}\r\n\r\n`);
    return socket;
  }
  const post = (server: HttpServer, length: number) =>
    new Promise<number | undefined>((resolve, reject) => {
      const request = ask(server.url, { method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end(new Uint8Array(length));
    });

  test('are read up to their limit', async () => {
    const server = await echo();
    expect(await post(server, 1000)).toBe(200);
    expect(await post(server, 1001)).toBe(413);
  });

  test.each<[string, number | undefined]>([
    ['told', 1000],
    ['untold', undefined],
  ])('hold only so much memory together, their length being %s, until they end', async (_, length) => {
    const server = await echo();
    const held = [promise(server, length), promise(server, length)];
    // Once it has heard of both, and later that they have gone.
    await expect.poll(() => post(server, 600)).toBe(503);
    expect(await post(server, 400)).toBe(200);
    for (const socket of held) socket.destroy();
    await expect.poll(() => post(server, 1000)).toBe(200);
  });

  test('are few of one address at once', async () => {
    const server = await echo({ perAddress: 2 });
    promise(server, 10);
    promise(server, 10);
    await expect.poll(() => post(server, 10)).toBe(503);
  });
});
