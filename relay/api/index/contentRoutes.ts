import * as z from 'zod';
import { parseEthereumAddress } from '../../../adapters/ethereum/address.js';
import type { IndexedTransaction } from '../../../indexers/store/contents/types.js';
import { UnknownViewError } from '../../../indexers/store/errors.js';
import type { IndexReader } from '../../../indexers/store/indexStore.js';
import type { Page, PageQuery } from '../../../indexers/store/view.js';
import type { IndexedChain } from '../context.js';
import { BadRequestError, NotFoundError } from '../errors.js';
import { ChainPath } from '../schemas.js';
import { type IndexAnswers, viewOf } from './answers.js';
import * as c from './contents.js';
import { logView, outputView, receiptView, spendView, transactionView } from './contentViews.js';
import { coveredOf } from './coverage.js';
import * as q from './questions.js';
import { logsOf, needBitcoin, needEthereum, outpointOf, scriptOf } from './read.js';
import { type IndexRoute, pages, single } from './route.js';
import * as s from './schemas.js';

const CHAIN = '/v1/index/chains/{chain}';
const found = <T extends z.ZodType>(row: T) =>
  z.object({ view: s.View, covered: s.Covered, rows: z.array(row) });

/**
 * A block's transactions by its height on the best chain. The first page fixes the view; the cursor of the others belongs to the
 * question about that block, so that its hash is read at the same event.
 */
async function atHeight(
  index: IndexReader,
  chain: string,
  height: number,
  page: PageQuery,
): Promise<Page<IndexedTransaction>> {
  const { limit, cursor, at } = page;
  const [number, rest] = cursor === undefined ? [at, undefined] : splitCursor(cursor);
  const read = async (event: number | undefined) => {
    const where = event === undefined ? {} : { at: event };
    const { view, rows } = await index.headers(chain, { from: height, to: height, limit: 1, ...where });
    const [header] = rows;
    if (header === undefined)
      throw new NotFoundError(`${chain} has no block at height ${height} at event ${view.number}`);
    const part = { limit, at: view.number, ...(rest === undefined ? {} : { cursor: rest }) };
    return index.blockTransactions(chain, header.hash, part);
  };
  const found = await read(number).catch((error: unknown) => {
    // Contents have not come as far as headers: the newest state that has both.
    if (number === undefined && error instanceof UnknownViewError) return read(error.newest);
    throw error;
  });
  return { ...found, ...(found.next === undefined ? {} : { next: `${found.view.number}.${found.next}` }) };
}

/** @throws BadRequestError for a cursor of another question */
function splitCursor(cursor: string): readonly [number, string] {
  const [, number, rest] = /^(\d{1,15})\.(.+)$/s.exec(cursor) ?? [];
  if (number === undefined || rest === undefined) throw new BadRequestError('cursor: is of another question');
  return [Number(number), rest];
}

/** Everything that the index has of one thing, on whatever branch. */
async function all<R, V>(
  answers: IndexAnswers,
  chain: IndexedChain,
  read: (index: IndexReader) => Promise<Page<R>>,
  view: (chain: IndexedChain, row: R) => V,
) {
  const answer = await answers.ask(read);
  return {
    view: viewOf(chain, answer.view),
    covered: coveredOf(await answers.coverage(chain.name)),
    rows: answer.rows.map((row) => view(chain, row)),
  };
}

/** The answer about a transaction. @throws NotFoundError if no block has it, with what is covered */
function someBlock<
  A extends { readonly rows: readonly unknown[]; readonly covered: { readonly note: string } | null },
>(answer: A, chain: string, hash: string): A {
  if (answer.rows.length > 0) return answer;
  throw new NotFoundError(`no block of ${chain} in the index has transaction ${hash}`, {
    ...(answer.covered === null ? {} : { hint: answer.covered.note }),
  });
}

/** Contents of blocks: transactions, outputs, receipts, logs. */
export const contentRoutes: readonly IndexRoute[] = [
  single({
    id: 'indexTransaction',
    path: `${CHAIN}/txs/{hash}`,
    summary: 'A transaction in every block that has it, on the best chain of the view or not',
    params: q.HashPath,
    query: q.At,
    answer: found(c.Transaction),
    async read(answers, params, { at }) {
      const chain = answers.chain(params.chain);
      const hash = chain.kind.parseHash(params.hash);
      const answer = await all(
        answers,
        chain,
        (index) => index.transaction(chain.name, hash, at),
        transactionView,
      );
      return someBlock(answer, chain.name, params.hash);
    },
  }),
  pages({
    id: 'indexBlockTransactions',
    path: `${CHAIN}/blocks/{block}/txs`,
    summary: "A block's transactions in their order",
    params: q.BlockPath,
    query: q.Paged,
    row: c.Transaction,
    contents: true,
    read: (chain, { block }) => {
      if (/^\d{1,15}$/.test(block)) return (index, page) => atHeight(index, chain.name, Number(block), page);
      const hash = chain.kind.parseHash(block);
      return (index, page) => index.blockTransactions(chain.name, hash, page);
    },
    view: transactionView,
  }),
  pages({
    id: 'indexOutputs',
    path: `${CHAIN}/outputs`,
    summary: 'Bitcoin outputs by script or address, each with what spends it',
    params: ChainPath,
    query: q.OutputsQuery,
    row: c.Output,
    contents: true,
    read(chain, _params, { unspent, ...what }) {
      needBitcoin(chain);
      const script = scriptOf(chain, what);
      return (index, page) => index.outputsByScript(chain.name, { ...page, script, unspent });
    },
    view: outputView,
  }),
  single({
    id: 'indexSpenders',
    path: `${CHAIN}/outputs/{outpoint}/spenders`,
    summary: 'Inputs that spend an output: one on a branch, and none while it is unspent',
    params: q.OutpointPath,
    query: q.At,
    answer: found(c.Spend),
    async read(answers, params, { at }) {
      const chain = answers.chain(params.chain);
      needBitcoin(chain);
      const outpoint = outpointOf(chain, params.outpoint);
      return all(answers, chain, (index) => index.spenders(chain.name, outpoint, at), spendView);
    },
  }),
  pages({
    id: 'indexAddressTransactions',
    path: `${CHAIN}/addresses/{address}/txs`,
    summary: 'Ethereum transactions from an account, to it, or that create it, newest first',
    params: q.AddressPath,
    query: q.Paged,
    row: c.Transaction,
    contents: true,
    read(chain, params) {
      needEthereum(chain);
      const address = parseEthereumAddress(params.address);
      return (index, page) => index.transactionsByAddress(chain.name, { ...page, address });
    },
    view: transactionView,
  }),
  single({
    id: 'indexReceipt',
    path: `${CHAIN}/txs/{hash}/receipt`,
    summary: "A transaction's receipt in every block that has it",
    params: q.HashPath,
    query: q.At,
    answer: found(c.Receipt),
    async read(answers, params, { at }) {
      const chain = answers.chain(params.chain);
      needEthereum(chain);
      const hash = chain.kind.parseHash(params.hash);
      const answer = await all(answers, chain, (index) => index.receipt(chain.name, hash, at), receiptView);
      return someBlock(answer, chain.name, params.hash);
    },
  }),
  pages({
    id: 'indexLogs',
    path: `${CHAIN}/logs`,
    summary:
      'Ethereum logs by contract and topics, as eth_getLogs has them; as JSON lines where those are asked for',
    params: ChainPath,
    query: q.LogsQuery,
    row: c.Log,
    contents: true,
    lines: true,
    errors: [400, 404, 413],
    read(chain, _params, query) {
      needEthereum(chain);
      const logs = logsOf(query);
      return (index, page) => index.logs(chain.name, { ...logs, ...page });
    },
    view: logView,
  }),
];
