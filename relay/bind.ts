import type { Source, SourceTip } from '../adapters/source.js';
import type { ForeignHeader } from '../adapters/types.js';
import type { HeaderBook } from '../indexers/follow/book.js';
import type { Follower } from '../indexers/follow/follower.js';
import type { LightClientStatus } from '../indexers/follow/lightClient/status.js';
import type { LightClientSync } from '../indexers/follow/lightClient/sync.js';
import type { LogReplica } from '../indexers/follow/replica.js';
import type { SourceHealth } from '../indexers/follow/sourceMonitor.js';
import type { BlockCache } from '../indexers/sinks/blockCache.js';
import type { TransactionIndex } from '../indexers/sinks/transactionIndex.js';
import type { HeaderPages, LocalChain, LocalEvidence, ProofData } from './ports.js';

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

/** What a relay knows of a chain besides the log that it reads. */
export interface ReplicaExtras {
  /** That finality comes from, where the chain is followed by sync committee. */
  readonly lightClient?: Pick<LightClientSync, 'status'>;
  /** Of this process alone, for blocks' contents; asked for the safe block too, where they know such a thing. */
  readonly sources?: readonly Pick<Source, 'name' | 'safe'>[];
  /** Health of sources, where it is kept. */
  readonly health?: () => readonly SourceHealth[];
  readonly evidence?: LocalEvidence;
}

/** What a relay reads of a chain that is followed in another process: from the log alone. */
export function replicatedChain(replica: LogReplica, extras: ReplicaExtras = {}): LocalChain {
  const { book } = replica;
  const { lightClient, sources = [], health = () => [], evidence } = extras;
  const able = sources.filter((source) => source.safe !== undefined);
  return {
    ...(lightClient === undefined ? {} : { lightClient: () => lightClient.status() }),
    ...(able.length === 0 ? {} : { safe: () => safeBlock(book, able) }),
    ...(evidence === undefined ? {} : { evidence }),
    chain: replica.chain,
    tip: () => book.tip(),
    finalized: () => book.finalized(),
    header: (height) => book.header(height),
    find: (hash) => book.find(hash),
    work: (height) => book.work(height),
    sources: () => [...health(), ...(lightClient?.status().sources ?? [])],
    health: () => {
      const { healthy, lastError } = replica.status();
      const problem = lastError?.message ?? finalityProblem(lightClient?.status());
      return { source: 'event log', healthy, ...(problem === undefined ? {} : { problem }) };
    },
    onChange: (listener) => replica.onChange(listener),
  };
}

/** What more than half of the sources that answer call safe, on the best chain: no single one can push it up. */
async function safeBlock(
  book: Pick<HeaderBook, 'isBest'>,
  sources: readonly Pick<Source, 'safe'>[],
): Promise<SourceTip | undefined> {
  const answers = await Promise.allSettled(sources.map(async (source) => source.safe?.()));
  const told = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const known = told.filter((block) => block !== undefined).filter((block) => book.isBest(block));
  // Those that call none of our blocks safe count against all.
  return known.sort((a, b) => b.height - a.height)[told.length >> 1];
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
