import { Router } from 'express';
import * as z from 'zod';
import type { ForeignHeader } from '../../../adapters/types.js';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import type { RelayChain } from '../../ports.js';
import type { ApiContext } from '../context.js';
import { NotFoundError } from '../errors.js';
import { answer, ask, param } from '../json.js';
import { reorgPage, reorgsAt } from '../reorgs.js';
import * as s from '../schemas.js';
import { chainView, finalizedLeaves, headerView, reorgView } from '../views.js';

export const ChainList = z.object({ chains: z.array(s.Chain) });
export const HeaderList = z.object({ headers: z.array(s.Header) });
export const ReorganisationList = z.object({ reorganisations: z.array(s.Reorganisation), next: s.Next });

/** Chains, their headers and reorganisations. */
export function chainRoutes(context: ApiContext): Router {
  const router = Router();
  const { client, builder } = context;

  router.get('/v1/chains', async (_request, response) => {
    answer(ChainList, response, { chains: await allChains(context) });
  });

  router.get('/v1/chains/:chain', async (request, response) => {
    const chain = builder.chain(param(request, 'chain'));
    const [state, finalized] = await Promise.all([client.chain(chain.name), finalizedLeaves(client)]);
    answer(s.Chain, response, await chainView(context, chain, state, finalized));
  });

  router.get('/v1/chains/:chain/headers', async (request, response) => {
    const chain = builder.chain(param(request, 'chain'));
    const { from, limit } = ask(s.PageQuery, request.query);
    const tip = await chain.local.tip();
    const first = from ?? Math.max(0, (tip?.height ?? 0) - limit + 1);
    const headers = await context.pages.page(chain.name, first, limit);
    answer(HeaderList, response, { headers: headers.map((header) => headerView(chain, header)) });
  });

  router.get('/v1/chains/:chain/headers/:id', async (request, response) => {
    const chain = builder.chain(param(request, 'chain'));
    const id = param(request, 'id');
    const header = await findHeader(context, chain, id);
    if (!header) throw new NotFoundError(`${chain.name} has no known header ${id}`);
    answer(s.HeaderDetail, response, await headerDetail(context, chain, header));
  });

  router.get('/v1/chains/:chain/reorgs', async (request, response) => {
    const chain = builder.chain(param(request, 'chain'));
    const { limit, cursor } = ask(s.ReorgsQuery, request.query);
    const { rows, next } = await reorgPage(client, chain.name, limit, cursor);
    answer(ReorganisationList, response, {
      reorganisations: rows.map(({ reorg, index }) => reorgView(chain, reorg, index)),
      next: next ?? null,
    });
  });

  return router;
}

export async function allChains(context: ApiContext) {
  const [states, finalized] = await Promise.all([context.client.chains(), finalizedLeaves(context.client)]);
  return Promise.all(
    context.chains.map((chain) =>
      chainView(
        context,
        chain,
        states.find((state) => state.name === chain.name),
        finalized,
      ),
    ),
  );
}

async function findHeader(
  context: ApiContext,
  chain: RelayChain,
  id: string,
): Promise<ForeignHeader | undefined> {
  if (!/^\d{1,15}$/.test(id)) return chain.local.find(chain.kind.parseHash(id));
  const height = Number(id);
  const local = await chain.local.header(height);
  if (local) return local;
  const page = await context.pages.page(chain.name, height, 1);
  return page.find((header) => header.height === height);
}

async function headerDetail(
  context: ApiContext,
  chain: RelayChain,
  header: ForeignHeader,
): Promise<z.output<typeof s.HeaderDetail>> {
  const { client } = context;
  const [best, tip, state] = await Promise.all([
    chain.local.header(header.height),
    chain.local.tip(),
    client.chain(chain.name),
  ]);
  // Below what the local chain keeps, only the main chain can say whether the header is on the best branch.
  const theirs = state ? await client.branchHash(chain.name, header.height) : undefined;
  const accepted = theirs !== undefined && bytesEqual(theirs, header.hash);
  const onBest = best ? bytesEqual(best.hash, header.hash) : accepted;
  const undone = await reorgsAt(client, chain.name, state?.reorgCount ?? 0, header.height);
  const leaf = state && (await finalizedLeaves(client)).bySpec.get(toHex(state.specRoot));
  const committed = accepted && state !== undefined && header.height <= state.committed.height;
  const finalized =
    committed && leaf !== undefined && header.height <= leaf.height && leaf.epoch === state.epoch;
  return {
    ...headerView(chain, header),
    state: finalized
      ? 'finalized'
      : committed
        ? 'committed'
        : accepted
          ? 'accepted'
          : onBest
            ? 'local'
            : 'stale',
    depth: onBest && tip ? String(Math.max(0, tip.height - header.height)) : null,
    reorganisations: [...undone],
  };
}
