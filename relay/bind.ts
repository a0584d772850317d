import type { ForeignHeader } from '../adapters/types.js';
import type { HeaderBook } from '../indexers/follow/book.js';
import type { Follower } from '../indexers/follow/follower.js';
import type { LightClientStatus } from '../indexers/follow/lightClient/status.js';
import type { LightClientSync } from '../indexers/follow/lightClient/sync.js';
import type { BlockCache } from '../indexers/sinks/blockCache.js';
import type { TransactionIndex } from '../indexers/sinks/transactionIndex.js';
import type { HeaderPages, LocalChain, ProofData } from './ports.js';

/**
 * What the relay reads of a chain that a follower of this process follows.
 * @param lightClient that its finality comes from, where it is followed by sync committee
 */
export function followedChain(follower: Follower, lightClient?: Pick<LightClientSync, 'status'>): LocalChain {
  const { book } = follower;
  return {
    ...(lightClient === undefined ? {} : { lightClient: () => lightClient.status() }),
    chain: follower.chain,
    tip: () => book.tip(),
    finalized: () => book.finalized(),
    safe: () => follower.safe(),
    header: (height) => book.header(height),
    find: (hash) => book.find(hash),
    work: (height) => book.work(height),
    sources: () => [...follower.status().sources, ...(lightClient?.status().sources ?? [])],
    evidence: {
      list: (limit) => follower.evidence.list(follower.chain, limit),
      get: (number) => follower.evidence.get(follower.chain, number),
    },
    health: () => {
      const { sources, healthy, ended } = follower.status();
      const names = sources.map((source) => source.name).join(', ');
      const trouble = ended?.message ?? sources.find((source) => !source.healthy)?.lastError;
      const problem = trouble ?? finalityProblem(lightClient?.status());
      return { source: names, healthy, ...(problem === undefined ? {} : { problem }) };
    },
    onChange: (listener) => follower.onChange(listener),
  };
}

/** Why finality does not get on, in one line. */
function finalityProblem(status: LightClientStatus | undefined): string | undefined {
  if (status === undefined || (status.healthy && !status.stalled)) return undefined;
  if (!status.healthy)
    return (
      status.sources.find((source) => source.lastError !== undefined)?.lastError ?? 'no beacon source answers'
    );
  return `nothing newer has become final for ${Math.round((status.ageSeconds ?? 0) / 60)} minutes`;
}

/** Header pages straight from the header books: what there is without an index store. */
export function bookPages(books: readonly Pick<HeaderBook, 'chain' | 'header' | 'tip'>[]): HeaderPages {
  return {
    async page(chain, from, limit) {
      const book = books.find((one) => one.chain === chain);
      const tip = book?.tip();
      const headers: ForeignHeader[] = [];
      if (!book || !tip) return headers;
      for (let height = from; height <= tip.height && headers.length < limit; height++) {
        const header = book.header(height);
        if (header) headers.push(header);
      }
      return headers;
    },
  };
}

/** Transactions from the index, blocks from the cache: all key-value, nothing of it SQL. */
export function indexedProofData(
  index: Pick<TransactionIndex, 'lookup'>,
  blocks: Pick<BlockCache, 'get' | 'proof' | 'code'>,
): ProofData {
  return {
    place: (chain, transactionHash) => index.lookup(chain, transactionHash),
    block: (chain, blockHash) => blocks.get(chain, blockHash),
    proof: (chain, address, slots, blockHash) => blocks.proof(chain, address, slots, blockHash),
    code: (chain, address, blockHash, codeHash) => blocks.code(chain, address, blockHash, codeHash),
  };
}
