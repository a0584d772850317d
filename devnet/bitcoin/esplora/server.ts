import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listen } from '../rpc/server.js';
import { answerEsplora, type EsploraView } from './handle.js';

export interface EsploraServerOptions extends EsploraView {
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface EsploraServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Longest path that is looked at. */
const MAX_PATH = 200;

/** Serves the part of Esplora's HTTP API that tells of blocks and of transactions in them. @throws PortInUseError */
export async function serveEsplora(options: EsploraServerOptions): Promise<EsploraServer> {
  const host = options.host ?? '127.0.0.1';
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (request.method !== 'GET' || path.length > MAX_PATH) {
      response.writeHead(request.method === 'GET' ? 414 : 405, { connection: 'close' }).end();
      return;
    }
    const { status, type, body } = answerEsplora(options, path);
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length }).end(body);
  });
  await listen(server, host, options.port);
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
