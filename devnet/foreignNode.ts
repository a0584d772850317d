import type { RpcCredentials } from './bitcoin/rpc/server.js';

/** A foreign chain's node that we started, whichever program it is. */
export interface ForeignNode {
  readonly kind: 'anvil' | 'bitcoind' | 'regtest';
  /** HTTP JSON-RPC, without credentials. */
  readonly url: string;
  /** Basic authentication, where the node wants it. */
  readonly auth: RpcCredentials | undefined;
  /** Where a Bitcoin node speaks its P2P protocol: `host:port`; absent where it was not asked to. */
  readonly p2p?: string;
  readonly pid: number;
  /** Resolves, in words, when the process ends, asked for or not. */
  readonly ended: Promise<string>;
  /** Asks it to end and waits until its state is on disk; kills it after a grace period. */
  stop(): Promise<void>;
}
