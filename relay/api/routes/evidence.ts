import { Router } from 'express';
import * as z from 'zod';
import type { NumberedEvidence } from '../../../indexers/follow/evidence.js';
import { publicText } from '../../publicText.js';
import type { ApiContext } from '../context.js';
import { BadRequestError, NotFoundError } from '../errors.js';
import { answer, ask, param } from '../json.js';
import * as s from '../schemas.js';

export const Evidence = z
  .object({
    number: s.Integer64,
    kind: z.string(),
    source: z.string(),
    height: s.Integer64,
    hash: z.string(),
    message: z.string(),
    time: z.string(),
    branches: z.boolean().meta({ description: "Whether both branches' headers are kept with it" }),
  })
  .meta({ id: 'Evidence', description: 'What a source did wrong' });
export const EvidenceList = z.object({ evidence: z.array(Evidence) });
export const EvidenceDetail = z.object({
  evidence: Evidence,
  branches: z.looseObject({ format: z.literal('crossroot-branches') }).nullable(),
});
export const SourceList = z.object({
  sources: z.array(
    z.object({
      name: z.string(),
      healthy: z.boolean(),
      score: z.number().int().min(0).max(100),
      behind: z.boolean(),
      failures: z.number().int(),
      errors: z.number().int(),
      faults: z.number(),
      latencyMs: z.number(),
      tipHeight: s.Integer64.nullable(),
      lastError: z.string().nullable(),
    }),
  ),
});

const LimitQuery = s.PageQuery.pick({ limit: true });

/** A chain's sources and what they did wrong. */
export function evidenceRoutes({ builder }: ApiContext): Router {
  const router = Router();

  router.get('/v1/chains/:chain/sources', (request, response) => {
    const sources = builder.chain(param(request, 'chain')).local.sources?.() ?? [];
    answer(SourceList, response, {
      sources: sources.map(({ name, tipHeight, lastError, ...rest }) => ({
        ...rest,
        name: publicText(name),
        tipHeight: tipHeight === undefined ? null : String(tipHeight),
        lastError: lastError === undefined ? null : publicText(lastError),
      })),
    });
  });

  router.get('/v1/chains/:chain/evidence', async (request, response) => {
    const { evidence } = builder.chain(param(request, 'chain')).local;
    const { limit } = ask(LimitQuery, request.query);
    const found = (await evidence?.list(limit)) ?? [];
    answer(EvidenceList, response, { evidence: found.map(evidenceView) });
  });

  router.get('/v1/chains/:chain/evidence/:n', (request, response) => {
    const chain = builder.chain(param(request, 'chain'));
    const n = param(request, 'n');
    if (!/^\d{1,15}$/.test(n)) throw new BadRequestError('n: must be a number');
    const found = chain.local.evidence?.get(Number(n));
    if (found === undefined) throw new NotFoundError(`${chain.name} has no evidence ${n}`);
    answer(EvidenceDetail, response, {
      evidence: evidenceView(found.evidence),
      branches: found.branches === undefined ? null : { ...found.branches },
    });
  });

  return router;
}

function evidenceView(one: NumberedEvidence): z.output<typeof Evidence> {
  const { kind, source, hash, message } = one;
  return {
    number: String(one.number),
    kind,
    source: publicText(source),
    height: String(one.height),
    hash,
    message: publicText(message),
    time: new Date(one.seen * 1000).toISOString(),
    branches: one.branches === true,
  };
}
