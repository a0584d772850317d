import type { LogConfig } from '../../config/log.js';
import type { NetworkFile } from '../../config/network.js';
import type { SourceConfig } from '../../config/schema.js';
import type { RelayEvent } from '../../relay/events.js';

/** A chain with everything resolved: the same bytes for every process. */
export interface ChainInit {
  readonly name: string;
  /** Hex, for a custom signet: the process makes the network known before it uses it. */
  readonly signetChallenge?: string | undefined;
  /** A network that is not built in, as `signetChallenge`. */
  readonly network?: NetworkFile | undefined;
  /** SSZ `Registration`. */
  readonly registration: Uint8Array;
  readonly sources: readonly SourceConfig[];
  readonly pollMilliseconds: number;
  /** Status that this operator wants the chain to have. */
  readonly wanted?: 'active' | 'paused' | undefined;
}

/** What the supervisor tells a delegate's process at its start. Travels over IPC only: it may hold passwords. */
export interface NodeInit {
  readonly role: 'node';
  readonly index: number;
  readonly dataDir: string;
  readonly genesisFile: string;
  readonly p2pPort: number;
  readonly peers: readonly number[];
  readonly rpcPort: number;
  readonly chains: readonly ChainInit[];
  readonly logFile: string;
  readonly logLevel: string;
}

/** What the supervisor tells the relay's process. */
export interface RelayInit {
  readonly role: 'relay';
  readonly dataDir: string;
  readonly genesisFile: string;
  readonly operatorDir: string;
  readonly rpcPorts: readonly number[];
  readonly chains: readonly ChainInit[];
  readonly host: string;
  readonly port: number;
  readonly requestsPerMinute: number;
  /** Where the event log is. */
  readonly log: LogConfig;
  readonly logFile: string;
  readonly logLevel: string;
}

/** What the supervisor tells the local beacon chain's process. */
export interface BeaconInit {
  readonly role: 'beacon';
  readonly dataDir: string;
  /** JSON-RPC of the local Ethereum node, which makes no block by itself. */
  readonly execution: string;
  /** Its state file. */
  readonly executionState: string;
  readonly port: number;
  readonly slotMilliseconds: number;
  /** None: it follows no chain. */
  readonly chains: readonly ChainInit[];
  readonly logFile: string;
  readonly logLevel: string;
}

export type Init = NodeInit | RelayInit | BeaconInit;

/** What the supervisor sends. */
export type ToChild = { readonly type: 'init'; readonly init: Init } | { readonly type: 'stop' };

/** What a child sends. */
export type FromChild =
  | { readonly type: 'ready'; readonly url: string }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'event'; readonly event: RelayEvent }
  /** Why it cannot go on for now; `undefined` once it does. */
  | { readonly type: 'problem'; readonly problem: string | undefined };
