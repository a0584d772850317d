import * as z from 'zod';
import { parseBitcoinAddress } from '../../../adapters/bitcoin/address.js';
import { parseEthereumAddress } from '../../../adapters/ethereum/address.js';
import { ChainKindCode } from '../../../proofs/containers/spec.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import type { IndexedChain } from '../context.js';
import { ChainPath } from '../schemas.js';
import { type IndexAnswers, viewOf } from './answers.js';
import { type IndexRoute, single } from './route.js';
import * as s from './schemas.js';

type Match = z.output<typeof s.Found>;

/** What a text may name besides a hash and a height: nothing of it is looked up, an address that nobody used is one too. */
function named({ name, kind }: IndexedChain, text: string, base: string): Match[] {
  const path = encodeURIComponent(text);
  if (kind.code === ChainKindCode.ethereum) {
    if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return [];
    parseEthereumAddress(text);
    return [{ type: 'address', path: `${base}/addresses/${path}/txs` }];
  }
  if (kind.code !== ChainKindCode.bitcoin) return [];
  if (/^(0x)?([0-9a-fA-F]{2})+$/.test(text))
    return [{ type: 'script', path: `${base}/outputs?script=${path}` }];
  parseBitcoinAddress(name, text);
  return [{ type: 'address', path: `${base}/outputs?address=${path}` }];
}

async function search(answers: IndexAnswers, chain: IndexedChain, text: string): Promise<Match[]> {
  const base = `/v1/index/chains/${chain.name}`;
  const { name, kind } = chain;
  if (/^\d{1,15}$/.test(text)) {
    const height = Number(text);
    const page = await answers.ask((index) => index.headers(name, { from: height, to: height, limit: 1 }));
    return page.rows.map((row) => ({ type: 'block', path: `${base}/headers/${kind.displayHash(row.hash)}` }));
  }
  const hash = attempt(() => kind.parseHash(text));
  if (hash === undefined) return named(chain, text, base);
  const [header, transactions] = await Promise.all([
    answers.ask((index) => index.header(name, hash)),
    answers.ask((index) => index.transaction(name, hash)),
  ]);
  const path = kind.displayHash(hash);
  return [
    ...(header.row === undefined ? [] : [{ type: 'block' as const, path: `${base}/headers/${path}` }]),
    ...(transactions.rows.length === 0
      ? []
      : [{ type: 'transaction' as const, path: `${base}/txs/${path}` }]),
  ];
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedInputError) return undefined;
    throw error;
  }
}

/** For a search box: what a text is, and where its answer is. */
export const searchRoute: IndexRoute = single({
  id: 'indexSearch',
  path: '/v1/index/chains/{chain}/search',
  summary: 'What a text names: a transaction, a block, a height, an address or a script',
  params: ChainPath,
  query: z.object({ q: z.string().trim().min(1).max(1000) }),
  answer: z.object({ view: s.View, found: z.array(s.Found) }),
  async read(answers, params, { q }) {
    const chain = answers.chain(params.chain);
    const found = await search(answers, chain, q);
    const view = await answers.ask((index) => index.view(chain.name));
    return { view: viewOf(chain, view), found };
  },
});
