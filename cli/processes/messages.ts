import type { RelayEvent } from '../../relay/events.js';
import type { AllInOneOptions } from '../roles/allInOne.js';
import type { ChainInit } from '../roles/chainInit.js';
import type { NodeOptions } from '../roles/node.js';

/** What every process of ours is told. */
interface ProcessInit {
  readonly chains: readonly ChainInit[];
  readonly logFile: string;
  readonly logLevel: string;
}

/** What the supervisor tells a delegate's process at its start. Travels over IPC only: it may hold passwords. */
export interface NodeInit extends ProcessInit, NodeOptions {
  readonly role: 'node';
}

/** What the supervisor tells the relay's process. */
export interface RelayInit extends ProcessInit, Omit<AllInOneOptions, 'onEvent'> {
  readonly role: 'relay';
}

/** What the supervisor tells the local beacon chain's process. */
export interface BeaconInit extends ProcessInit {
  readonly role: 'beacon';
  readonly dataDir: string;
  /** JSON-RPC of the local Ethereum node, which makes no block by itself. */
  readonly execution: string;
  /** Its state file. */
  readonly executionState: string;
  readonly port: number;
  readonly slotMilliseconds: number;
  /** It follows no chain. */
  readonly chains: readonly [];
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
