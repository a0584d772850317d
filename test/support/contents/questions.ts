import type { ChainEvent } from '../../../indexers/log/event.js';
import type { BlockContents } from '../../../indexers/store/contents/blockContents.js';
import type { PageKey, Slice } from '../../../indexers/store/view.js';
import {
  bitcoinSample,
  ethereumSample,
  named,
  type SampleSize,
  sampleScript,
  sampleToken,
} from './sample.js';
import type { ContentsSet } from './set.js';

export const BITCOIN = 'bitcoin-sample';
export const ETHEREUM = 'ethereum-sample';

/** What questions are asked about: things that are in the sample. */
export interface Filled {
  readonly blocks: number;
  readonly transactions: number;
  /** Of a block in the middle. */
  readonly bitcoin: { readonly blockHash: Uint8Array; readonly txid: Uint8Array; readonly spent: Uint8Array };
  readonly ethereum: {
    readonly blockHash: Uint8Array;
    readonly hash: Uint8Array;
    readonly account: Uint8Array;
  };
  /** Milliseconds that writing took, rows made before. */
  readonly writing: { readonly bitcoin: number; readonly ethereum: number };
}

/** Event of a sample's block. */
export function sampleEvent({ chain, number, height, blockHash, time }: BlockContents): ChainEvent {
  const parentHash = new Uint8Array(32);
  return {
    type: 'connect',
    chain,
    number,
    epoch: 1,
    height,
    hash: blockHash,
    parentHash,
    time,
    raw: parentHash,
  };
}

/** Fills a set with both samples. @param batch blocks of one write */
export async function fill(set: ContentsSet, size: SampleSize, batch = 20): Promise<Filled> {
  const middle = size.blocks >> 1;
  let bitcoin: Filled['bitcoin'] | undefined;
  let ethereum: Filled['ethereum'] | undefined;
  const write = async (blocks: Iterable<BlockContents>) => {
    let milliseconds = 0;
    let waiting: BlockContents[] = [];
    const flush = async () => {
      const begun = performance.now();
      if (waiting.length > 0) await set.write(waiting[0]!.chain, waiting.map(sampleEvent), waiting);
      milliseconds += performance.now() - begun;
      waiting = [];
    };
    for (const block of blocks) {
      if (block.height === middle) {
        const { blockHash } = block;
        if (block.kind === 'bitcoin') {
          const one = block.transactions[1]!;
          bitcoin = { blockHash, txid: one.txid, spent: one.inputs[0]!.txid };
        } else {
          const one = block.transactions[1]!;
          ethereum = { blockHash, hash: one.hash, account: one.from! };
        }
      }
      waiting.push(block);
      if (waiting.length >= batch) await flush();
    }
    await flush();
    return milliseconds;
  };
  const writing = {
    bitcoin: await write(bitcoinSample(BITCOIN, size)),
    ethereum: await write(ethereumSample(ETHEREUM, size)),
  };
  return {
    blocks: size.blocks,
    transactions: size.blocks * size.transactions,
    bitcoin: bitcoin!,
    ethereum: ethereum!,
    writing,
  };
}

/** Every kind of question, by name; each answers how many rows it got. */
export function questions(set: ContentsSet, filled: Filled): Readonly<Record<string, () => Promise<number>>> {
  const { contents } = set;
  const bitcoin = set.snapshot(BITCOIN, filled.blocks);
  const ethereum = set.snapshot(ETHEREUM, filled.blocks);
  const size = async <T>(answer: Promise<Slice<T> | readonly T[]>) => {
    const found = await answer;
    return 'rows' in found ? found.rows.length : found.length;
  };
  const second = async <T>(page: (after?: PageKey) => Promise<Slice<T>>) => {
    const first = await page();
    return size(page(first.next));
  };
  const transfers = named(4, 0, 32);
  const holder = new Uint8Array(32);
  holder.set(filled.ethereum.account, 12);
  const half = filled.blocks >> 1;
  return {
    'Bitcoin transaction by hash': () => size(contents.transaction(bitcoin, filled.bitcoin.txid)),
    'block’s transactions, page of 100': () =>
      size(contents.blockTransactions(bitcoin, filled.bitcoin.blockHash, 100)),
    'outputs by script, all of a small one': () =>
      size(contents.outputsByScript(bitcoin, { script: sampleScript(77) }, 100)),
    'outputs by script, second page of 100 of a hot one': () =>
      second((after) => contents.outputsByScript(bitcoin, { script: sampleScript(0) }, 100, after)),
    'unspent outputs by script, page of 100 of a hot one': () =>
      size(contents.outputsByScript(bitcoin, { script: sampleScript(0), unspent: true }, 100)),
    'spender of an outpoint': () => size(contents.spenders(bitcoin, { txid: filled.bitcoin.spent, vout: 0 })),
    'Ethereum transaction by hash': () => size(contents.transaction(ethereum, filled.ethereum.hash)),
    'receipt by hash': () => size(contents.receipt(ethereum, filled.ethereum.hash)),
    'transactions by address, all of an account': () =>
      size(contents.transactionsByAddress(ethereum, filled.ethereum.account, 100)),
    'transactions by address, page of 100 of a token': () =>
      size(contents.transactionsByAddress(ethereum, sampleToken(0), 100)),
    'logs of a contract, second page of 100': () =>
      second((after) => contents.logs(ethereum, { addresses: [sampleToken(0)] }, 100, after)),
    'logs of a contract by event, ten blocks': () =>
      size(
        contents.logs(
          ethereum,
          { addresses: [sampleToken(0)], topics: [transfers], from: half, to: half + 9 },
          1000,
        ),
      ),
    'logs of a contract by an account’s topic, all': () =>
      size(contents.logs(ethereum, { addresses: [sampleToken(0)], topics: [null, holder] }, 100)),
    'logs of any contract by an account’s topic, all': () =>
      size(contents.logs(ethereum, { topics: [null, holder] }, 100)),
    'logs of any contract by event, page of 100': () =>
      size(contents.logs(ethereum, { topics: [transfers] }, 100)),
    'logs of one block': () => size(contents.logs(ethereum, { from: half, to: half }, 1000)),
    'statistics, 1,000 steps over all time': () =>
      size(
        contents.statistics(bitcoin, {
          from: 0,
          to: (filled.blocks + 1) * 600,
          step: Math.max(1, Math.ceil(filled.blocks * 0.6)),
        }),
      ),
  };
}
