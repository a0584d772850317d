import { createServer, request as httpRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a lying server makes of an honest answer. */
export interface HonestAnswer {
  readonly path: string;
  readonly status: number;
  readonly body: Buffer;
}
export type Lie = (response: ServerResponse, honest: HonestAnswer) => void;

export interface HostileHttp {
  readonly url: string;
  /** Honest while there is none. */
  lie: Lie | undefined;
  requests: number;
  close(): Promise<void>;
}

/** A server in front of an honest one that changes its answers. */
export async function hostileHttp(target: string): Promise<HostileHttp> {
  const front: HostileHttp = { url: '', lie: undefined, requests: 0, close: async () => undefined };
  const server = createServer((request, response) => {
    front.requests++;
    const { method, headers, url = '' } = request;
    const onward = httpRequest(target + url, { method, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const honest = { path: url, status: answer.statusCode ?? 500, body: Buffer.concat(parts) };
        if (front.lie === undefined) response.writeHead(honest.status).end(honest.body);
        else front.lie(response, honest);
      });
    });
    // The honest server may close a kept connection at any time.
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return Object.assign(front, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  });
}

/** Lies that every reader of HTTP must survive. */
export const lies = {
  'an endless body': (response) => {
    const part = Buffer.alloc(65536, '1');
    const more = () => {
      while (!response.destroyed && response.write(part));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  },
  'a body that trickles': (response) => {
    const timer = setInterval(() => response.write('1'), 20);
    response.on('close', () => clearInterval(timer));
  },
  'no answer': () => undefined,
  'a body that is cut off': (response, { body }) => {
    response.writeHead(200, { 'content-length': body.length + 10 });
    response.write(body);
    setTimeout(() => response.destroy(), 10);
  },
  'an HTML page with an error': (response) => response.writeHead(502).end('<html>Bad Gateway</html>'),
  'an HTML page': (response) => response.writeHead(200).end('<html>Please log in</html>'),
  'a redirect': (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  'a wait of an hour': (response) => response.writeHead(429, { 'retry-after': '3600' }).end('slow down'),
  'deep JSON': (response) => response.end('['.repeat(50_000) + ']'.repeat(50_000)),
  'other JSON': (response) => response.end('{"blocks":"7","bestblockhash":[],"result":{"x":1}}'),
} satisfies Record<string, Lie>;
