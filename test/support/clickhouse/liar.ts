import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export interface Liar {
  readonly url: string;
  readonly server: Server;
  /** Answers every request. */
  handler: Handler;
  requests: number;
  close(): Promise<void>;
}

/** Headers that every ClickHouse sends. */
export const honest = { 'X-ClickHouse-Query-Id': 'x', 'X-ClickHouse-Summary': '{}' };

/** An HTTP server that answers as it is told to. */
export async function startLiar(handler: Handler): Promise<Liar> {
  const server = createServer((request, response) => {
    liar.requests++;
    response.on('error', () => response.destroy());
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => liar.handler(request, response, Buffer.concat(parts)));
    request.on('error', () => undefined);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const liar: Liar = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    handler,
    requests: 0,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return liar;
}

/** An answer of ClickHouse in FORMAT JSON. */
export function json(
  data: readonly unknown[],
  statistics = '{"elapsed":0.0015,"rows_read":10,"bytes_read":80}',
) {
  return `{"meta":[],"data":${JSON.stringify(data)},"rows":${data.length},"statistics":${statistics}}\n`;
}

/** Answers as ClickHouse does. */
export function says(text: string): Handler {
  return (_, response) => {
    response.writeHead(200, honest).end(text);
  };
}

/** Refuses as ClickHouse does. */
export function refuse(status: number, code: number, sentence: string): Handler {
  return (_, response) => {
    response
      .writeHead(status, { ...honest, 'X-ClickHouse-Exception-Code': String(code) })
      .end(`Code: ${code}. DB::Exception: ${sentence} (version 26.7.2.1)\n`);
  };
}
