import type { Logger } from 'pino';
import { formatContext, payloadBuilders, readUnanchoredHeader } from '../../adapters/registry.js';
import type { Source } from '../../adapters/source.js';
import type { HeaderBook } from '../../indexers/follow/book.js';
import { BlockCache } from '../../indexers/sinks/blockCache.js';
import { TransactionIndex } from '../../indexers/sinks/transactionIndex.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { aggregateSignatures } from '../../mainchain/crypto/signer.js';
import { httpClient } from '../../mainchain/rpc/http.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import type { ApiConfig } from '../../relay/apiService.js';
import { indexedProofData } from '../../relay/bind.js';
import type { RelayListener } from '../../relay/events.js';
import type { NamedClient } from '../../relay/ports.js';
import type { SubmitConfig } from '../../relay/submitService.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { version } from '../version.js';
import type { OpenedChain } from './openChain.js';

/** Where an API listens and what it allows. */
export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly requestsPerMinute: number;
  readonly trustedProxies: readonly string[];
  readonly hosts: readonly string[];
}

export interface AnswersOptions {
  readonly genesis: Genesis;
  /** JSON-RPC of every delegate, `http://…`. */
  readonly nodes: readonly string[];
  readonly http: HttpOptions;
  readonly log: Logger;
  readonly onEvent?: RelayListener;
}

/** What every service of the relay's kind has in common, whatever it follows and whether it submits. */
export function commonAnswers(
  options: AnswersOptions,
): Pick<
  ApiConfig,
  'version' | 'nodes' | 'payloads' | 'format' | 'genesis' | 'verify' | 'http' | 'onEvent' | 'onFault'
> {
  const { genesis, nodes, http, log, onEvent } = options;
  return {
    version,
    nodes: nodes.map((url, i): NamedClient => {
      const name = `delegate ${i}`;
      return { name, client: httpClient({ url, name }) };
    }),
    payloads: payloadBuilders,
    format: formatContext,
    genesis,
    verify: { bls: blstBls, readHeader: readUnanchoredHeader },
    http,
    onEvent: (event) => {
      if (event.type === 'warning') log.warn(event, event.message);
      else if (event.type === 'registered' || event.type === 'governed' || event.type === 'paused')
        log.info(event, event.type);
      else log.debug(event, event.type);
      onEvent?.(event);
    },
    onFault: (error) => log.error({ err: error }, 'fault'),
  };
}

/** How delegates' signatures are put together. */
export const scheme: SubmitConfig['scheme'] = { verify: blstBls.verify, aggregate: aggregateSignatures };

/** Balance below which an operator is warned: some ten thousand transactions. */
export const LOW_BALANCE = 10n ** 9n;

/** Blocks from the chains' sources, and where transactions are. */
export function proofData(
  chains: readonly OpenedChain[],
  books: ReadonlyMap<string, HeaderBook>,
  store: KeyValueStore,
  onFailure: (chain: string, source: Source, error: unknown) => void,
): { readonly blocks: BlockCache; readonly data: ApiConfig['data'] } {
  const sources = new Map(chains.map(({ name, opened }) => [name, opened.sources]));
  const blocks = new BlockCache({ sources, onFailure });
  return { blocks, data: indexedProofData(new TransactionIndex(store, blocks, books), blocks) };
}
