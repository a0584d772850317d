import { Router } from 'express';
import * as z from 'zod';
import { toHex } from '../../../proofs/bytes.js';
import { publicText } from '../../publicText.js';
import type { ApiContext } from '../context.js';
import { answer } from '../json.js';
import * as s from '../schemas.js';
import { shared } from '../shared.js';
import { finalityView } from '../views.js';
import { allChains } from './chains.js';
import { recentView } from './proofs.js';

export const Health = z.object({ status: z.literal('ok'), version: z.string() });

/** How old readiness and status may be, milliseconds: the page of everybody who looks asks every two seconds. */
const FRESH_MS = 500;

/** Health, readiness, metrics and the page's one question. Many who ask cost the nodes one question. */
export function healthRoutes(context: ApiContext): Router {
  const router = Router();
  const readiness = shared(FRESH_MS, () => readinessOf(context));
  const status = shared(FRESH_MS, async () => statusOf(context, await readinessOf(context)));

  router.get('/healthz', (_request, response) => {
    answer(Health, response, { status: 'ok', version: context.version });
  });

  router.get('/readyz', async (_request, response) => {
    const now = await readiness();
    answer(s.Readiness, response, now, now.ready ? 200 : 503);
  });

  router.get('/metrics', async (_request, response) => {
    response.type(context.metrics.registry.contentType).send(await context.metrics.registry.metrics());
  });

  router.get('/v1/status', async (_request, response) => {
    answer(s.Status, response, await status());
  });

  return router;
}

async function statusOf(
  context: ApiContext,
  readiness: z.output<typeof s.Readiness>,
): Promise<z.output<typeof s.Status>> {
  const up = readiness.checks['main-chain']?.ok === true;
  const { operating } = context;
  return {
    version: context.version,
    ready: readiness.ready,
    problems: Object.entries(readiness.checks).flatMap(([name, check]) =>
      check.ok ? [] : [`${name}: ${check.message}`],
    ),
    operator: operating
      ? { account: toHex(operating.account), balance: operating.balance()?.toString() ?? null }
      : null,
    main: up ? await finalityView(context.client) : null,
    chains: up ? await allChains(context) : [],
    proofs: recentView(context),
    evidence: (operating?.evidence.recent() ?? []).slice(0, 20).map(({ time, chain, node, message }) => ({
      time: new Date(time).toISOString(),
      chain,
      node,
      message: publicText(message),
    })),
  };
}

async function readinessOf(context: ApiContext): Promise<z.output<typeof s.Readiness>> {
  const checks: Record<string, () => Promise<void>> = {
    'main-chain': async () => void (await context.client.status()),
    ...context.checks,
  };
  for (const chain of context.chains) {
    checks[`source:${chain.name}`] = async () => {
      const health = await chain.local.health();
      if (!health.healthy) throw new Error(health.problem ?? 'no source answers');
    };
  }
  const entries = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await check();
        return [name, { ok: true, message: 'ok' }] as const;
      } catch (error) {
        return [
          name,
          { ok: false, message: publicText(error instanceof Error ? error.message : String(error)) },
        ] as const;
      }
    }),
  );
  return { ready: entries.every(([, check]) => check.ok), checks: Object.fromEntries(entries) };
}
