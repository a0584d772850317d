import express, { type Express } from 'express';
import { pageRoutes } from '../page/routes.js';
import type { ApiContext } from './context.js';
import { RequestTimeoutError, ServerBusyError } from './errors.js';
import { Gate, type GateOptions } from './gate.js';
import { IndexAnswers } from './index/answers.js';
import { indexRoutes } from './index/routes.js';
import {
  errorHandler,
  hostGuard,
  limiter,
  notFound,
  observe,
  securityHeaders,
  timeout,
} from './middleware.js';
import { openApiDocument } from './openapi.js';
import { chainRoutes } from './routes/chains.js';
import { evidenceRoutes } from './routes/evidence.js';
import { healthRoutes } from './routes/health.js';
import { mainRoutes } from './routes/main.js';
import { proofRoutes } from './routes/proofs.js';

export interface AppOptions {
  /** Requests a minute from one address. Default 600. */
  readonly requestsPerMinute?: number;
  /** Addresses of proxies, or blocks of them in CIDR notation: what they say of a client's address is believed. Default none. */
  readonly trustedProxies?: readonly string[];
  /** Default 15 s. */
  readonly timeoutMs?: number;
  /** Where it listens: a service on loopback answers to loopback's names alone. Default 127.0.0.1. */
  readonly host?: string;
  /** Names that it answers to besides loopback's, in small letters. Where any are given, also a service elsewhere answers to no others. */
  readonly hosts?: readonly string[];
  /** Limits of proofs that are built or checked: by default 8 at once, 64 waiting, 14 s. */
  readonly proofs?: GateOptions;
  /** Limits of questions to the index. */
  readonly index?: GateOptions;
}

/** The API and the page as one Express application. */
export function createApp(context: ApiContext, options: AppOptions = {}): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', [...(options.trustedProxies ?? [])]);
  const document = openApiDocument(context.version);
  app.use(
    observe(context.metrics),
    securityHeaders,
    hostGuard(options.host ?? '127.0.0.1', options.hosts ?? []),
  );
  app.use(limiter(options.requestsPerMinute ?? 600), timeout(options.timeoutMs ?? 15_000));
  const answers = new IndexAnswers({
    index: context.index,
    chains: context.chains,
    onFault: context.onFault,
    ...(options.index ? { gate: options.index } : {}),
  });
  app.get('/openapi.json', (_request, response) => {
    response.json(document);
  });
  app.use(
    pageRoutes(),
    healthRoutes(context),
    chainRoutes(context),
    evidenceRoutes(context),
    proofRoutes(context, proofGate(options.proofs)),
    mainRoutes(context),
    indexRoutes(answers),
  );
  app.use(notFound, errorHandler(context.onFault));
  return app;
}

function proofGate({ concurrent = 8, waiting = 64, timeoutMs = 14_000 }: GateOptions = {}): Gate {
  return new Gate(
    { concurrent, waiting, timeoutMs },
    {
      busy: () => new ServerBusyError('proofs'),
      late: (ms) => new RequestTimeoutError(`no proof within ${ms} ms`),
    },
  );
}
