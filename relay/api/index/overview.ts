import * as z from 'zod';
import type { ChainCounts } from '../../../indexers/store/indexStore.js';
import type { IndexedChain } from '../context.js';
import { type IndexAnswers, viewOf } from './answers.js';
import { contentsOf } from './coverage.js';
import { reorganisationView } from './headerRoutes.js';
import { type IndexRoute, single } from './route.js';
import * as s from './schemas.js';

/** Reorganisations of a chain that are shown. */
const LATEST = 3;
/** Seconds of samples that say how it is now. */
const RECENTLY = 60;
/** Milliseconds that the overview may be old: many pages may be open. */
const KEEP_MS = 3000;
/** One step that holds the time of every block. */
const EVER = { from: 0, to: 2 ** 32, step: 2 ** 32 };

async function overviewOf(
  answers: IndexAnswers,
  chain: IndexedChain,
  counts: ChainCounts | undefined,
): Promise<z.output<typeof s.IndexOverview>> {
  const { name, kind } = chain;
  // All of one view: that in which it was counted.
  const at = counts?.number;
  const coverage = await answers.ask((index) => index.coverage(name, at));
  const undone = counts?.reorganisations ?? 0;
  const to = Math.floor(Date.now() / 1000) + 1;
  const [statistics, reorganisations, lag] = await Promise.all([
    // Of the newest view of contents, which may be a little older than that of headers.
    answers.ask((index) => index.statistics(name, EVER)),
    undone === 0
      ? []
      : answers.ask(async (index) => {
          const question = { limit: LATEST, ...(at === undefined ? {} : { at }) };
          return (await index.reorganisations(name, question)).rows;
        }),
    answers.ask((index) => index.lagSeries(name, { from: to - RECENTLY, to, step: RECENTLY })),
  ]);
  const [total] = statistics.rows;
  return {
    chain: name,
    kind: kind.name,
    view: viewOf(chain, coverage.view),
    headers: String(counts?.headers ?? 0),
    canonical: String(counts?.canonical ?? 0),
    transactions: String(total?.transactions ?? 0),
    outputs: String(total?.outputs ?? 0),
    logs: String(total?.logs ?? 0),
    contents: contentsOf(coverage, Math.min(coverage.view.height, statistics.view.height)),
    lag: [...new Map(lag.rows.map((row) => [row.stream, row])).values()].map(
      ({ stream, events, maxSeconds }) => ({
        stream,
        events: Math.round(events * 100) / 100,
        seconds: maxSeconds,
      }),
    ),
    reorganisations: {
      count: String(undone),
      latest: reorganisations.map((row) => reorganisationView(chain, row)),
    },
  };
}

/** Everything that the page shows of the index. */
export const overviewRoute: IndexRoute = single({
  id: 'index',
  path: '/v1/index',
  summary: 'What is in the index',
  params: z.object({}),
  query: z.object({}),
  answer: z.object({ chains: z.array(s.IndexOverview) }),
  read: (answers) => answers.recent('overview', KEEP_MS, () => overview(answers)),
});

async function overview(answers: IndexAnswers) {
  const counts = await answers.counts();
  const chains = answers.chains.map((chain) =>
    overviewOf(
      answers,
      chain,
      counts.find((row) => row.chain === chain.name),
    ),
  );
  return { chains: await Promise.all(chains) };
}
