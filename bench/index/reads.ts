import type { ChainEvent } from '../../indexers/log/event.js';
import type { BitcoinContents, EthereumContents } from '../../indexers/store/contents/blockContents.js';
import type { IndexReader } from '../../indexers/store/indexStore.js';
import type { CostingClient } from './costs.js';
import {
  ACCOUNTS,
  account,
  BUSY_SCRIPTS,
  busyScript,
  CONTRACTS,
  contract,
  type Synthetic,
  TRANSFER,
  topic,
} from './data.js';

/** One question, asked again and again about other things. */
export interface Question {
  readonly name: string;
  readonly ask: (random: Synthetic) => Promise<unknown>;
}

export interface Known {
  readonly store: IndexReader;
  readonly headers: { readonly chain: string; readonly events: readonly ChainEvent[] };
  readonly bitcoin: readonly BitcoinContents[];
  readonly ethereum: readonly EthereumContents[];
}

const PAGE = 100;

/** Each question of the index, about what is there. */
export function questions({ store, headers, bitcoin, ethereum }: Known): Question[] {
  const { chain, events } = headers;
  const any = <T>(list: readonly T[], random: Synthetic): T => list[random.below(list.length)]!;
  const btc = bitcoin[0]!.chain;
  const eth = ethereum[0]!.chain;
  const someBitcoin = (random: Synthetic) => any(any(bitcoin, random).transactions, random);
  const someEthereum = (random: Synthetic) => any(any(ethereum, random).transactions, random);
  const span = (random: Synthetic) => {
    const from = any(ethereum, random).height;
    return { from, to: from + 99 };
  };
  return [
    { name: 'header by hash', ask: (random) => store.header(chain, any(events, random).hash) },
    {
      name: `headers by height, ${PAGE}`,
      ask: (random) => store.headers(chain, { from: random.below(events.length - PAGE), limit: PAGE }),
    },
    { name: 'latest 10 headers', ask: () => store.latest(chain, { limit: 10 }) },
    {
      name: 'headers at an earlier view, 100',
      ask: (random) => {
        const at = PAGE + 1 + random.below(events.length - PAGE - 1);
        return store.headers(chain, { from: at - PAGE, limit: PAGE, at });
      },
    },
    { name: 'reorganisations, newest 20', ask: () => store.reorganisations(chain, { limit: 20 }) },
    {
      name: 'Bitcoin transaction by hash',
      ask: (random) => store.transaction(btc, someBitcoin(random).txid),
    },
    {
      name: 'transactions of a block, 100',
      ask: (random) => store.blockTransactions(btc, any(bitcoin, random).blockHash, { limit: PAGE }),
    },
    {
      name: 'outputs of a script with one',
      ask: (random) =>
        store.outputsByScript(btc, { script: any(someBitcoin(random).outputs, random).script, limit: PAGE }),
    },
    {
      name: 'outputs of a busy script, first 100',
      ask: (random) =>
        store.outputsByScript(btc, { script: busyScript(random.below(BUSY_SCRIPTS)), limit: PAGE }),
    },
    {
      name: 'the same, next 100 by cursor',
      ask: async (random) => {
        const script = busyScript(random.below(BUSY_SCRIPTS));
        const { next } = await store.outputsByScript(btc, { script, limit: PAGE });
        return store.outputsByScript(btc, {
          script,
          limit: PAGE,
          ...(next === undefined ? {} : { cursor: next }),
        });
      },
    },
    {
      name: 'unspent outputs of a busy script, 100',
      ask: (random) =>
        store.outputsByScript(btc, {
          script: busyScript(random.below(BUSY_SCRIPTS)),
          unspent: true,
          limit: PAGE,
        }),
    },
    {
      name: 'spender of an output',
      ask: (random) => {
        const { inputs } = any(any(bitcoin, random).transactions.slice(1), random);
        const { txid, vout } = any(inputs, random);
        return store.spenders(btc, { txid, vout });
      },
    },
    {
      name: 'Ethereum transaction by hash',
      ask: (random) => store.transaction(eth, someEthereum(random).hash),
    },
    { name: 'receipt by hash', ask: (random) => store.receipt(eth, someEthereum(random).hash) },
    {
      name: 'transactions of an address, newest 100',
      ask: (random) =>
        store.transactionsByAddress(eth, { address: account(random.below(ACCOUNTS)), limit: PAGE }),
    },
    {
      name: 'logs of a contract, 100 blocks',
      ask: (random) =>
        store.logs(eth, { addresses: [contract(random.below(CONTRACTS))], ...span(random), limit: PAGE }),
    },
    {
      name: 'logs by contract and two topics, all blocks',
      ask: (random) =>
        store.logs(eth, {
          addresses: [contract(random.below(CONTRACTS))],
          topics: [TRANSFER, topic(random.below(ACCOUNTS))],
          limit: PAGE,
        }),
    },
    {
      name: 'logs by a topic alone, all blocks',
      ask: (random) => store.logs(eth, { topics: [null, topic(random.below(ACCOUNTS))], limit: PAGE }),
    },
    {
      name: 'statistics, 100 steps of a day',
      ask: () => {
        const from = bitcoin[0]!.time;
        return store.statistics(btc, { from, to: from + 100 * 86_400, step: 86_400 });
      },
    },
    { name: 'counts of all chains', ask: () => store.counts() },
  ];
}

export interface Timing {
  readonly name: string;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Read from tables for one question, mean. */
  readonly rows: number;
  readonly bytes: number;
  /** Rows of an answer, mean; one where it is not a list. */
  readonly answers: number;
}

/** Asks each question so many times, in turn, so that a drifting machine hits all alike. */
export async function timed(
  list: readonly Question[],
  times: number,
  random: Synthetic,
  client: CostingClient,
): Promise<Timing[]> {
  const sums = list.map(() => ({ taken: [] as number[], rows: 0, bytes: 0, answers: 0 }));
  // The first round warms up.
  for (let round = -1; round < times; round++)
    for (const [i, { ask }] of list.entries()) {
      client.reset();
      const start = performance.now();
      const answer = await ask(random);
      const took = performance.now() - start;
      if (round < 0) continue;
      const sum = sums[i]!;
      sum.taken.push(took);
      sum.rows += client.rows;
      sum.bytes += client.bytes;
      sum.answers += rowsOf(answer);
    }
  return list.map(({ name }, i) => {
    const { taken, rows, bytes, answers } = sums[i]!;
    const sorted = taken.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    return {
      ...{ name, medianMs: at(0.5), p99Ms: at(0.99) },
      ...{ rows: rows / times, bytes: bytes / times, answers: answers / times },
    };
  });
}

function rowsOf(answer: unknown): number {
  if (Array.isArray(answer)) return answer.length;
  if (typeof answer === 'object' && answer !== null && 'rows' in answer && Array.isArray(answer.rows))
    return answer.rows.length;
  return 1;
}
