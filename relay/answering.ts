import type { Express } from 'express';
import type { IndexReader, ServedProof } from '../indexers/store/indexStore.js';
import type { MainChainClient } from '../mainchain/rpc/types.js';
import type { Genesis } from '../proofs/containers/genesis.js';
import type { FormatContext } from '../proofs/format/json.js';
import { trustFromGenesis } from '../proofs/verify/trust.js';
import type { VerifyOptions } from '../proofs/verify/verify.js';
import { type AppOptions, createApp } from './api/app.js';
import type { Operating } from './api/context.js';
import type { RelayMetrics } from './metrics.js';
import type { HeaderPages, NamedClient, ProofData, RelayChain } from './ports.js';
import { ProofBuilder, type ProofBuilderOptions } from './proofs/builder.js';
import { OutgoingCheck } from './proofs/check.js';
import { RecentProofs } from './proofs/recent.js';

/** What answers are made of: alike for a relay and for a server that does nothing but answer. */
export interface AnsweringConfig {
  readonly version: string;
  /** Every delegate's node, the preferred one first. */
  readonly nodes: readonly NamedClient[];
  readonly chains: readonly RelayChain[];
  readonly data: ProofData;
  readonly pages: HeaderPages;
  /** The cross-chain index, where there is one. Everything but its own routes works without it. */
  readonly index?: IndexReader | undefined;
  readonly payloads: ProofBuilderOptions['payloads'];
  readonly format: FormatContext;
  /** The trusted beginning: every proof is checked against it before it leaves. Never taken from a node. */
  readonly genesis: Genesis;
  readonly verify: Pick<VerifyOptions, 'bls' | 'readHeader'>;
  readonly http?: { readonly port?: number } & AppOptions;
  /** Further checks for `/readyz`, by name. */
  readonly checks?: Readonly<Record<string, () => Promise<void>>>;
  /** Hears of each proof that is sent, and must return at once. */
  readonly onProof?: (proof: ServedProof) => void;
  /** Faults of the service itself, for the log. */
  readonly onFault?: (error: unknown) => void;
}

/** The proof builder, and the HTTP API with its page. */
export function answering(
  config: AnsweringConfig,
  client: MainChainClient,
  metrics: RelayMetrics,
  operating?: Operating,
): { readonly builder: ProofBuilder; readonly app: Express } {
  const trust = trustFromGenesis(config.genesis);
  const verify: VerifyOptions = {
    ...config.verify,
    networks: config.format.networks,
    payloads: config.format.payloads,
    trust,
  };
  const outgoing = new OutgoingCheck(client, trust, verify);
  const builder = new ProofBuilder({
    client,
    chains: config.chains,
    data: config.data,
    payloads: config.payloads,
    check: (proof, fromTerm) => outgoing.check(proof, fromTerm),
  });
  const app = createApp(
    {
      version: config.version,
      client,
      chains: config.chains,
      pages: config.pages,
      index: config.index,
      builder,
      format: config.format,
      verify,
      metrics,
      recent: new RecentProofs(),
      operating,
      checks: config.checks ?? {},
      onProof: (proof) => config.onProof?.(proof),
      onFault: (error) => config.onFault?.(error),
    },
    { ...config.http },
  );
  return { builder, app };
}
