import { Router } from 'express';
import type { BlockId } from '../../../mainchain/rpc/types.js';
import { fromHex, toHex } from '../../../proofs/bytes.js';
import type { ApiContext } from '../context.js';
import { BadRequestError, NotFoundError } from '../errors.js';
import { answer, param } from '../json.js';
import * as s from '../schemas.js';
import { trustFile } from '../trust.js';
import { finalityView, mainHeaderView, statusName } from '../views.js';

/** The main chain: headers, commitments, finality. */
export function mainRoutes(context: ApiContext): Router {
  const router = Router();
  const { client } = context;

  router.get('/v1/main/finality', async (_request, response) => {
    answer(s.Finality, response, await finalityView(client));
  });

  router.get('/v1/main/trust', async (_request, response) => {
    response.type('json').send(await trustFile(client, await client.genesis()));
  });

  router.get('/v1/main/headers/:id', async (request, response) => {
    const id = blockId(param(request, 'id'));
    const [found, genesis, status] = await Promise.all([
      client.header(id),
      client.genesis(),
      client.status(),
    ]);
    if (!found) throw new NotFoundError(`the main chain has no block ${param(request, 'id')}`);
    answer(
      s.MainHeader,
      response,
      mainHeaderView(found.header, found.root, genesis, status.finalized.height),
    );
  });

  router.get('/v1/commitments/:mainHeight', async (request, response) => {
    const id = blockId(param(request, 'mainHeight'));
    const [found, genesis, status] = await Promise.all([
      client.commitments(id),
      client.genesis(),
      client.status(),
    ]);
    if (!found) throw new NotFoundError(`the main chain has no block ${param(request, 'mainHeight')}`);
    const states = await client.chains();
    answer(s.Commitments, response, {
      header: mainHeaderView(found.header, found.root, genesis, status.finalized.height),
      commitments: found.commitments.map((c) => {
        const specRoot = toHex(c.specRoot);
        const name = states.find((state) => toHex(state.specRoot) === specRoot)?.name;
        const kind = context.chains.find((chain) => chain.name === name)?.kind;
        return {
          chain: name ?? null,
          specRoot,
          status: statusName(c.status),
          epoch: String(c.epoch),
          start: String(c.start),
          size: String(c.size),
          historyRoot: toHex(c.historyRoot),
          tip: { height: String(c.tipHeight), hash: kind?.displayHash(c.tipHash) ?? toHex(c.tipHash) },
          reorgRoot: toHex(c.reorgRoot),
          reorgCount: String(c.reorgCount),
          policyVersion: c.policyVersion,
        };
      }),
    });
  });

  return router;
}

/** A height, a root, or `head`, `justified`, `finalized`. @throws BadRequestError */
function blockId(text: string): BlockId {
  if (text === 'head' || text === 'justified' || text === 'finalized') return text;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return fromHex(text, 'root', 32);
  throw new BadRequestError(
    'a main-chain block is a height, a 32-byte root with 0x, head, justified or finalized',
  );
}
