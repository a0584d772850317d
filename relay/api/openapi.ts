import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi';
import { indexPaths } from './index/openapi.js';
import { ChainList, HeaderList, ReorganisationList } from './routes/chains.js';
import { EvidenceDetail, EvidenceList, SourceList } from './routes/evidence.js';
import { Health } from './routes/health.js';
import { RecentProofList } from './routes/proofs.js';
import * as s from './schemas.js';

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });

const REASONS: Readonly<Record<number, string>> = {
  400: 'The question cannot be read',
  404: 'Not known',
  409: 'Disputed: a reorganisation is being followed, or the chain is paused',
  413: 'Too large',
  422: 'It does not hold, or lies before the history begins',
  425: 'Not provable yet; `Retry-After` says when to ask again',
  429: 'Too many requests',
  500: 'A fault of the relay',
  503: 'The main chain, a source or the index does not answer',
};

function operation(
  id: string,
  summary: string,
  content: ZodOpenApiResponseObject['content'],
  errors: readonly number[],
  more: Partial<ZodOpenApiOperationObject> = {},
): ZodOpenApiOperationObject {
  const failures = [...new Set([...errors, 429, 500, 503])].sort();
  return {
    operationId: id,
    summary,
    responses: {
      200: { description: 'OK', ...(content ? { content } : {}) },
      ...Object.fromEntries(
        failures.map((status) => [
          String(status),
          { description: REASONS[status] ?? '', content: json(s.ErrorBody) },
        ]),
      ),
    },
    ...more,
  };
}

const chainPath = { path: s.ChainPath };
const proofFile = {
  'application/json': { schema: z.looseObject({ format: z.literal('crossroot-proof') }) },
  'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) },
};

const MerkleBranch = z.object({
  block_height: z.number().int(),
  merkle: z.array(s.ForeignHash),
  pos: z.number().int(),
});

const Eip1186 = z.object({
  address: s.Bytes,
  accountProof: z.array(s.Bytes),
  balance: z.string(),
  codeHash: s.Bytes,
  nonce: z.string(),
  storageHash: s.Bytes,
  storageProof: z.array(z.object({ key: s.Bytes, value: z.string(), proof: z.array(s.Bytes) })),
});

const paths: ZodOpenApiPathsObject = {
  '/healthz': { get: operation('health', 'Whether the process runs', json(Health), []) },
  '/readyz': {
    get: operation('readiness', 'Whether sources, main chain and index answer', json(s.Readiness), [], {
      responses: {
        200: { description: 'Ready', content: json(s.Readiness) },
        503: { description: 'Not ready', content: json(s.Readiness) },
      },
    }),
  },
  '/metrics': {
    get: operation('metrics', 'Prometheus metrics', { 'text/plain': { schema: z.string() } }, []),
  },
  '/openapi.json': {
    get: operation('openapi', 'This document', json(z.looseObject({ openapi: z.string() })), []),
  },
  '/v1/status': { get: operation('status', 'Everything the page shows', json(s.Status), []) },
  '/v1/chains': { get: operation('chains', 'Foreign chains', json(ChainList), []) },
  '/v1/chains/{chain}': {
    get: operation('chain', 'One foreign chain', json(s.Chain), [404], { requestParams: chainPath }),
  },
  '/v1/chains/{chain}/headers': {
    get: operation('headers', 'Headers of the local best branch', json(HeaderList), [400, 404], {
      requestParams: { ...chainPath, query: s.PageQuery },
    }),
  },
  '/v1/chains/{chain}/headers/{id}': {
    get: operation('header', 'One header, by height or by hash', json(s.HeaderDetail), [400, 404], {
      requestParams: { path: s.ChainPath.extend({ id: z.string() }) },
    }),
  },
  '/v1/chains/{chain}/sources': {
    get: operation('sources', 'Health of each source of a chain', json(SourceList), [404], {
      requestParams: chainPath,
    }),
  },
  '/v1/chains/{chain}/evidence': {
    get: operation('evidence', 'What sources did wrong, newest first', json(EvidenceList), [400, 404], {
      requestParams: { ...chainPath, query: s.PageQuery.pick({ limit: true }) },
    }),
  },
  '/v1/chains/{chain}/evidence/{n}': {
    get: operation(
      'evidenceDetail',
      "One record, with both branches' raw headers where a fork was too deep to follow",
      json(EvidenceDetail),
      [400, 404],
      { requestParams: { path: s.ChainPath.extend({ n: z.string().regex(/^\d+$/) }) } },
    ),
  },
  '/v1/chains/{chain}/reorgs': {
    get: operation(
      'reorganisations',
      'Recorded reorganisations below committed blocks, newest first',
      json(ReorganisationList),
      [400, 404],
      { requestParams: { ...chainPath, query: s.ReorgsQuery } },
    ),
  },
  '/v1/chains/{chain}/reorgs/{n}/proof': {
    get: operation('reorganisationProof', 'Proof of a reorganisation', proofFile, [400, 404, 425], {
      requestParams: { path: s.ChainPath.extend({ n: z.string().regex(/^\d+$/) }), query: s.FormatQuery },
    }),
  },
  '/v1/chains/{chain}/txs/{hash}/proof': {
    get: operation(
      'transactionProof',
      'Proof of a transaction, of several of one block, or of a part: a receipt, a log, a witness, an output, a spend, carried data',
      proofFile,
      [400, 404, 409, 422, 425],
      {
        requestParams: { path: s.ChainPath.extend({ hash: z.string() }), query: s.ProofQuery },
      },
    ),
  },
  '/v1/chains/{chain}/txs/{hash}/merkle': {
    get: operation(
      'merkleBranch',
      "A transaction's Merkle branch in a form that other programs read; no main chain vouches for it",
      { 'application/json': { schema: MerkleBranch }, 'text/plain': { schema: z.string() } },
      [400, 404],
      { requestParams: { path: s.ChainPath.extend({ hash: z.string() }), query: s.BranchQuery } },
    ),
  },
  '/v1/chains/{chain}/blocks/{block}/proof': {
    get: operation(
      'blockProof',
      'Proof about a block: an account, storage, code, a withdrawal, how long a list is, all logs of some kind',
      proofFile,
      [400, 404, 409, 413, 422, 425],
      { requestParams: { path: s.BlockPath, query: s.BlockProofQuery } },
    ),
  },
  '/v1/chains/{chain}/blocks/{block}/state': {
    get: operation(
      'blockState',
      'An account and its storage in a form that other programs read; no main chain vouches for it',
      { 'application/json': { schema: Eip1186 } },
      [400, 404],
      { requestParams: { path: s.BlockPath, query: s.StateQuery } },
    ),
    post: operation(
      'importState',
      'Proof of what a node answered of a block’s state, once all that it says is what its Merkle nodes show',
      proofFile,
      [400, 404, 409, 413, 422, 425],
      {
        requestParams: { path: s.BlockPath, query: s.ImportQuery },
        requestBody: { required: true, content: { 'application/json': { schema: Eip1186 } } },
      },
    ),
  },
  '/v1/proofs': { get: operation('recentProofs', 'Proofs built lately', json(RecentProofList), []) },
  '/v1/proofs/verify': {
    post: operation(
      'verifyProof',
      "Checks a proof file against this relay's trusted genesis",
      json(s.Verdict),
      [400, 413, 422],
      {
        requestParams: { query: s.VerifyQuery },
        requestBody: { required: true, content: proofFile },
      },
    ),
  },
  '/v1/commitments/{mainHeight}': {
    get: operation('commitments', 'Commitments in a main-chain block', json(s.Commitments), [400, 404], {
      requestParams: { path: z.object({ mainHeight: z.string() }) },
    }),
  },
  '/v1/main/headers/{id}': {
    get: operation(
      'mainHeader',
      'A main-chain header by height, root or name',
      json(s.MainHeader),
      [400, 404],
      {
        requestParams: { path: z.object({ id: z.string() }) },
      },
    ),
  },
  '/v1/main/trust': {
    get: operation(
      'trust',
      'A certified header to trust instead of the genesis',
      json(z.looseObject({ format: z.literal('crossroot-trust') })),
      [404],
    ),
  },
  '/v1/main/finality': {
    get: operation('finality', 'Head, justified and finalised block', json(s.Finality), []),
  },
  ...indexPaths(operation),
};

/** The API as an OpenAPI 3.1 document. */
export function openApiDocument(version: string): ReturnType<typeof createDocument> {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Crossroot relay',
      version,
      description:
        'Headers, commitments, proofs, and the cross-chain index. Integers of 64 bits are decimal strings; foreign hashes are in the order their own users read.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
  });
}
