import * as z from 'zod';
import type { IndexedHeader, Reorganisation } from '../../../indexers/store/indexStore.js';
import { toHex } from '../../../proofs/bytes.js';
import type { IndexedChain } from '../context.js';
import { NotFoundError } from '../errors.js';
import { ChainPath } from '../schemas.js';
import { viewOf } from './answers.js';
import * as q from './questions.js';
import { checkRange } from './read.js';
import { type IndexRoute, pages, single } from './route.js';
import * as s from './schemas.js';

const CHAIN = '/v1/index/chains/{chain}';

export function headerView({ kind }: IndexedChain, row: IndexedHeader): z.output<typeof s.IndexHeader> {
  return {
    height: String(row.height),
    hash: kind.displayHash(row.hash),
    parentHash: kind.displayHash(row.parentHash),
    time: String(row.time),
    canonical: row.canonical,
    number: String(row.number),
    raw: toHex(row.raw),
  };
}

export function reorganisationView(
  { kind }: IndexedChain,
  row: Reorganisation,
): z.output<typeof s.IndexReorganisation> {
  return {
    number: String(row.number),
    forkHeight: String(row.forkHeight),
    depth: row.depth,
    oldTip: { height: String(row.oldTipHeight), hash: kind.displayHash(row.oldTipHash) },
  };
}

/** Headers of every branch, and where branches lost. */
export const headerRoutes: readonly IndexRoute[] = [
  pages({
    id: 'indexHeaders',
    path: `${CHAIN}/headers`,
    summary: 'Headers by height, upwards; as JSON lines where those are asked for',
    params: ChainPath,
    query: q.HeadersQuery,
    row: s.IndexHeader,
    contents: false,
    lines: true,
    read({ name }, _params, { from = 0, to, branches }) {
      checkRange(from, to);
      const range = { from, branches, ...(to === undefined ? {} : { to }) };
      return (index, page) => index.headers(name, { ...range, ...page });
    },
    view: headerView,
  }),
  pages({
    id: 'indexLatest',
    path: `${CHAIN}/latest`,
    summary: 'Headers of the best chain, newest first',
    params: ChainPath,
    query: q.Paged,
    row: s.IndexHeader,
    contents: false,
    read:
      ({ name }) =>
      (index, page) =>
        index.latest(name, page),
    view: headerView,
  }),
  single({
    id: 'indexHeader',
    path: `${CHAIN}/headers/{hash}`,
    summary: 'A header of any branch by its hash',
    params: q.HashPath,
    query: q.At,
    answer: z.object({ view: s.View, header: s.IndexHeader }),
    async read(answers, params, { at }) {
      const chain = answers.chain(params.chain);
      const hash = chain.kind.parseHash(params.hash);
      const { view, row } = await answers.ask((index) => index.header(chain.name, hash, at));
      if (row === undefined)
        throw new NotFoundError(`${chain.name} has no header ${params.hash} at event ${view.number}`);
      return { view: viewOf(chain, view), header: headerView(chain, row) };
    },
  }),
  pages({
    id: 'indexReorganisations',
    path: `${CHAIN}/reorganisations`,
    summary: 'Reorganisations of the chain, newest first',
    params: ChainPath,
    query: q.Paged,
    row: s.IndexReorganisation,
    contents: false,
    read:
      ({ name }) =>
      (index, page) =>
        index.reorganisations(name, page),
    view: reorganisationView,
  }),
];
