import * as z from 'zod';
import { ChainPath } from '../schemas.js';
import { viewOf } from './answers.js';
import { Statistics } from './contents.js';
import { statisticsView } from './contentViews.js';
import { coverageView, coveredOf } from './coverage.js';
import * as q from './questions.js';
import { stepsOf } from './read.js';
import {
  certificateView,
  commitmentView,
  countsView,
  evidenceView,
  lagView,
  mainAt,
  mainBlockView,
  servedView,
  sourceView,
  streamAt,
  timeAt,
} from './recordViews.js';
import { type IndexRoute, listing, single } from './route.js';
import * as s from './schemas.js';

const CHAIN = '/v1/index/chains/{chain}';
const none = z.object({});
const now = () => Math.floor(Date.now() / 1000);
const steps = { from: s.Seconds, to: s.Seconds, step: z.number().int() };
const told = ({ from, to, step }: { from: number; to: number; step: number }) => ({
  from: String(from),
  to: String(to),
  step,
});

/** Series, the main chain's records, evidence, proofs. */
export const recordRoutes: readonly IndexRoute[] = [
  single({
    id: 'indexCoverage',
    path: `${CHAIN}/coverage`,
    summary: "Which blocks' contents are in the index",
    params: ChainPath,
    query: q.At,
    answer: s.Coverage,
    async read(answers, params, { at }) {
      const chain = answers.chain(params.chain);
      return coverageView(chain, await answers.ask((index) => index.coverage(chain.name, at)));
    },
  }),
  single({
    id: 'indexStatistics',
    path: `${CHAIN}/statistics`,
    summary:
      "What happened on the best chain in each step of its blocks' own time; steps without blocks are left out",
    params: ChainPath,
    query: q.StatisticsQuery,
    answer: z.object({ view: s.View, covered: s.Covered, ...steps, rows: z.array(Statistics) }),
    async read(answers, params, { at, ...query }) {
      const chain = answers.chain(params.chain);
      const range = stepsOf(query, now());
      const question = { ...range, ...(at === undefined ? {} : { at }) };
      const { view, rows } = await answers.ask((index) => index.statistics(chain.name, question));
      const covered = coveredOf(await answers.coverage(chain.name));
      return { view: viewOf(chain, view), covered, ...told(range), rows: rows.map(statisticsView) };
    },
  }),
  single({
    id: 'indexSources',
    path: `${CHAIN}/sources`,
    summary: 'How each source was doing over time',
    params: ChainPath,
    query: q.SeriesQuery,
    answer: z.object({ view: s.TimeView, ...steps, rows: z.array(s.SourceStep) }),
    async read(answers, params, { at, ...query }) {
      const { name } = answers.chain(params.chain);
      const range = stepsOf(query, now());
      const question = { ...range, ...(at === undefined ? {} : { at }) };
      const { view, rows } = await answers.ask((index) => index.sourceSeries(name, question));
      return { view: timeAt.of(view), ...told(range), rows: rows.map(sourceView) };
    },
  }),
  single({
    id: 'indexLag',
    path: `${CHAIN}/lag`,
    summary: 'How far the index was behind the event log over time',
    params: ChainPath,
    query: q.SeriesQuery,
    answer: z.object({ view: s.TimeView, ...steps, rows: z.array(s.LagStep) }),
    async read(answers, params, { at, ...query }) {
      const { name } = answers.chain(params.chain);
      const range = stepsOf(query, now());
      const question = { ...range, ...(at === undefined ? {} : { at }) };
      const { view, rows } = await answers.ask((index) => index.lagSeries(name, question));
      return { view: timeAt.of(view), ...told(range), rows: rows.map(lagView) };
    },
  }),
  listing({
    id: 'indexCommitments',
    path: `${CHAIN}/commitments`,
    summary: 'What finalised main-chain blocks say of the chain, newest first',
    params: ChainPath,
    query: q.MainListed,
    at: mainAt,
    row: s.IndexCommitment,
    read(answers, params) {
      const { name } = answers.chain(params.chain);
      return (index, part) => index.commitments(name, part);
    },
    view: commitmentView,
  }),
  listing({
    id: 'indexEvidence',
    path: `${CHAIN}/evidence`,
    summary: 'What sources did wrong, whoever saw it, newest first',
    params: ChainPath,
    query: q.StreamListed,
    at: streamAt,
    row: s.IndexEvidence,
    read(answers, params) {
      const { name } = answers.chain(params.chain);
      return (index, part) => index.evidence(name, part);
    },
    view: evidenceView,
  }),
  listing({
    id: 'indexMainBlocks',
    path: '/v1/index/main/blocks',
    summary: 'Finalised main-chain blocks, newest first',
    params: none,
    query: q.MainListed,
    at: mainAt,
    row: s.IndexMainBlock,
    read: () => (index, part) => index.mainBlocks(part),
    view: mainBlockView,
  }),
  listing({
    id: 'indexCertificates',
    path: '/v1/index/main/certificates',
    summary: 'Certificates that main-chain blocks carried, newest first',
    params: none,
    query: q.MainListed,
    at: mainAt,
    row: s.IndexCertificate,
    read: () => (index, part) => index.certificates(part),
    view: certificateView,
  }),
  listing({
    id: 'indexProofs',
    path: '/v1/index/proofs',
    summary: 'Proofs that were sent, newest first',
    params: none,
    query: q.ProofsQuery,
    at: timeAt,
    row: s.ServedProof,
    read(_answers, _params, { chain }) {
      return (index, part) => index.proofsServed({ ...part, ...(chain === undefined ? {} : { chain }) });
    },
    view: servedView,
  }),
  single({
    id: 'indexCounts',
    path: '/v1/index/counts',
    summary: 'How much the index has of each chain',
    params: none,
    query: none,
    answer: z.object({ rows: z.array(s.IndexCounts) }),
    async read(answers) {
      const rows = await answers.counts();
      return { rows: rows.map(countsView) };
    },
  }),
];
