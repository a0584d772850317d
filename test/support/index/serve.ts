import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { bitcoinKind } from '../../../adapters/bitcoin/kind.js';
import { ethereumKind } from '../../../adapters/ethereum/kind.js';
import type { IndexReader } from '../../../indexers/store/indexStore.js';
import { IndexAnswers } from '../../../relay/api/index/answers.js';
import type { GateOptions } from '../../../relay/api/index/gate.js';
import { indexRoutes } from '../../../relay/api/index/routes.js';
import { errorHandler, notFound, securityHeaders } from '../../../relay/api/middleware.js';
import { pageRoutes } from '../../../relay/page/routes.js';

/**
 * The API's routes of the index and nothing else: all that they need is an index and the kinds of its chains.
 * @param options.page the relay's page too
 */
export async function serveIndex(
  index: IndexReader | undefined,
  { page = false, ...gate }: GateOptions & { readonly page?: boolean } = {},
) {
  const faults: unknown[] = [];
  const onFault = (error: unknown) => void faults.push(error);
  const chains = [
    { name: 'bitcoin-regtest', kind: bitcoinKind },
    { name: 'ethereum-local', kind: ethereumKind },
  ];
  const app = express();
  app.set('query parser', 'simple');
  app.use(securityHeaders, indexRoutes(new IndexAnswers({ index, chains, gate, onFault })));
  if (page) app.use(pageRoutes());
  app.get('/v1/status', (_request, response) => {
    const main = null;
    response.json({ version: '1', ready: true, problems: [], operator: null, main, chains: [], proofs: [] });
  });
  app.use(notFound, errorHandler(onFault));
  const server = createServer({ maxHeaderSize: 32_768 }, app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/index`;
  return {
    url,
    faults,
    async get(path: string, headers: Record<string, string> = {}) {
      const response = await fetch(`${url}${path}`, { headers });
      const text = await response.text();
      const json = response.headers.get('content-type')?.startsWith('application/json') === true;
      return {
        status: response.status,
        headers: response.headers,
        text,
        // biome-ignore lint/suspicious/noExplicitAny: what tests look into
        body: (json && text !== '' ? JSON.parse(text) : undefined) as any,
      };
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
