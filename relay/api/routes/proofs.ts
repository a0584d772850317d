import { type Response, Router } from 'express';
import * as z from 'zod';
import { type PayloadParameters, parametersQuery } from '../../../adapters/payloadBuilder.js';
import type { ServedProof } from '../../../indexers/store/indexStore.js';
import { LimitExceededError } from '../../../proofs/errors/input.js';
import { decodeProof, encodeProof } from '../../../proofs/format/file.js';
import { kindNames, MAX_PROOF_BYTES } from '../../../proofs/format/proof.js';
import { verifyProof } from '../../../proofs/verify/verify.js';
import type { BuiltProof } from '../../proofs/builder.js';
import { readBodies } from '../bodies.js';
import type { ApiContext } from '../context.js';
import { BadRequestError } from '../errors.js';
import type { Gate } from '../gate.js';
import { answer, ask, param, plain } from '../json.js';
import * as s from '../schemas.js';

export const RecentProofList = z.object({ proofs: z.array(s.RecentProof) });

/** Bytes of all bodies at once, and bodies of one address. */
const MAX_BODIES = 4 * MAX_PROOF_BYTES;
const MAX_POSTS = 4;

/** Proof files, made and checked, a few at once: each costs blocks of a source, hashes and signatures. */
export function proofRoutes(context: ApiContext, gate: Pick<Gate, 'run'>): Router {
  const router = Router();
  const { builder } = context;

  router.get('/v1/chains/:chain/txs/:hash/proof', async (request, response) => {
    const { kind, format, from_term, ...parameters } = ask(s.ProofQuery, request.query);
    const { log } = parameters;
    if ((kind === 'log' || kind === 'block-log') !== (log !== undefined))
      throw new BadRequestError('log: goes with kind=log and block-log, and only with them');
    const chain = param(request, 'chain');
    const transaction = param(request, 'hash');
    const began = performance.now();
    const question = { chain, transaction, aspect: kind, parameters, fromTerm: from_term };
    const built = await gate.run(() => builder.transaction(question));
    const path = `/v1/chains/${chain}/txs/${transaction}/proof?${queryOf(kind, parameters)}`;
    send(context, response, built, { format, subject: transaction, path, began });
  });

  router.get('/v1/chains/:chain/blocks/:block/proof', async (request, response) => {
    const {
      kind,
      format,
      from_term,
      from_block: fromBlock,
      ...others
    } = ask(s.BlockProofQuery, request.query);
    const parameters = { ...others, fromBlock };
    const chain = param(request, 'chain');
    const block = param(request, 'block');
    const began = performance.now();
    const question = { chain, block, aspect: kind, parameters, fromTerm: from_term };
    const built = await gate.run(() => builder.block(question));
    const path = `/v1/chains/${chain}/blocks/${built.height}/proof?${queryOf(kind, parameters)}`;
    const subject = others.address ?? `block ${built.height}`;
    send(context, response, built, { format, subject: subject.slice(0, 100), path, began });
  });

  router.get('/v1/chains/:chain/blocks/:block/state', async (request, response) => {
    const { format, ...parameters } = ask(s.StateQuery, request.query);
    const chain = param(request, 'chain');
    const block = param(request, 'block');
    const aspect = parameters.slot === undefined ? 'account' : 'storage';
    const question = { chain, block, aspect, parameters, format };
    const { type, text } = await gate.run(() => builder.state(question));
    response.status(200).type(type).set('cache-control', 'no-store').send(text);
  });

  router.get('/v1/chains/:chain/txs/:hash/merkle', async (request, response) => {
    const { format, also } = ask(s.BranchQuery, request.query);
    const chain = param(request, 'chain');
    const transaction = param(request, 'hash');
    const { type, text } = await gate.run(() => builder.branch(chain, transaction, format, also ?? []));
    response.status(200).type(type).set('cache-control', 'no-store').send(text);
  });

  const body = readBodies({ each: MAX_PROOF_BYTES, together: MAX_BODIES, perAddress: MAX_POSTS });
  router.post('/v1/chains/:chain/blocks/:block/state', body, async (request, response) => {
    const { form, format, from_term } = ask(s.ImportQuery, request.query);
    if (!(request.body instanceof Uint8Array) || request.body.length === 0)
      throw new BadRequestError('the body must be what a node answered');
    const text = new TextDecoder().decode(request.body);
    const chain = param(request, 'chain');
    const block = param(request, 'block');
    const began = performance.now();
    const built = await gate.run(() =>
      builder.imported({ chain, block, format: form, text, fromTerm: from_term }),
    );
    send(context, response, built, { format, subject: `state of block ${built.height}`, began });
  });

  router.get('/v1/chains/:chain/reorgs/:n/proof', async (request, response) => {
    const { format } = ask(s.FormatQuery, request.query);
    const chain = param(request, 'chain');
    const index = param(request, 'n');
    if (!/^\d{1,9}$/.test(index)) throw new BadRequestError('n: must be a number');
    const began = performance.now();
    const built = await gate.run(() => builder.reorganisation(chain, Number(index)));
    const path = `/v1/chains/${chain}/reorgs/${index}/proof?`;
    send(context, response, built, { format, subject: `reorganisation ${index}`, path, began });
  });

  router.get('/v1/proofs', (_request, response) => {
    answer(RecentProofList, response, { proofs: recentView(context) });
  });

  router.post('/v1/proofs/verify', body, async (request, response) => {
    const query = ask(s.VerifyQuery, request.query);
    if (!(request.body instanceof Uint8Array) || request.body.length === 0) {
      throw new BadRequestError('the body must be a proof file');
    }
    const bytes = new Uint8Array(request.body);
    const verdict = await gate.run(async () =>
      verifyProof(decodeProof(bytes, context.format).proof, {
        ...context.verify,
        asOf: query.as_of === 'true',
        ...(query.min_main_height === undefined ? {} : { minMainHeight: query.min_main_height }),
        ...(query.block_hash === undefined ? {} : { blockHash: query.block_hash }),
      }),
    );
    const facts = plain(verdict) as Record<string, unknown>;
    answer(s.Verdict, response, { ...facts, valid: true, kind: verdict.kind, chain: verdict.chain });
  });

  return router;
}

export function recentView(context: ApiContext): z.output<typeof s.RecentProof>[] {
  return context.recent.list().map((proof) => ({
    ...proof,
    height: String(proof.height),
    mainHeight: String(proof.mainHeight),
    time: new Date(proof.time).toISOString(),
  }));
}

/** The question again, so that a recent proof can be made anew. */
function queryOf(kind: string, parameters: PayloadParameters): URLSearchParams {
  return new URLSearchParams([['kind', kind], ...parametersQuery(parameters)]);
}

interface Sending {
  readonly format: 'json' | 'ssz';
  readonly subject: string;
  /** Where the same proof can be made again; none for what was posted. */
  readonly path?: string;
  readonly began: number;
}

function send(context: ApiContext, response: Response, built: BuiltProof, how: Sending): void {
  const bytes = encodeProof(built.proof, how.format, context.format);
  // What no verifier would read is not sent. SSZ is half as long.
  if (bytes.length > MAX_PROOF_BYTES)
    throw new LimitExceededError(`proof as ${how.format} in bytes`, bytes.length, MAX_PROOF_BYTES);
  const milliseconds = performance.now() - how.began;
  const kind = kindNames[built.kind];
  const { chain, height, mainHeight } = built;
  context.metrics.proofSeconds.observe({ kind }, milliseconds / 1000);
  const sent: ServedProof = {
    chain,
    kind,
    subject: how.subject,
    height,
    mainHeight,
    bytes: bytes.length,
    milliseconds: Math.round(milliseconds * 100) / 100,
    time: Date.now(),
  };
  if (how.path !== undefined) context.recent.add({ ...sent, path: how.path.replace(/\?$/, '') });
  context.onProof(sent);
  const name = `${chain}-${how.subject}-${kind}.${how.format}`.replace(/[^A-Za-z0-9._-]/g, '-');
  response
    .status(200)
    .type(how.format === 'json' ? 'application/json' : 'application/octet-stream')
    .set('content-disposition', `attachment; filename="${name}"`)
    .set('cache-control', 'no-store')
    .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
