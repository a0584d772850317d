import { addCustomSignet } from '../../adapters/bitcoin/rules/signets.js';
import { addNetworkDefinition, type NetworkFile } from '../../config/network.js';
import type { SourceConfig } from '../../config/schema.js';

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
  /** Blocks below the tip whose contents are indexed. */
  readonly contentsDepth: number;
  /** Status that this operator wants the chain to have. */
  readonly wanted?: 'active' | 'paused' | undefined;
}

/** Makes the networks of these chains known to this process, where they are not built in. */
export function knowNetworks(chains: readonly ChainInit[]): void {
  for (const { name, signetChallenge, network } of chains) {
    if (signetChallenge !== undefined) addCustomSignet(name, signetChallenge);
    if (network !== undefined) addNetworkDefinition(network);
  }
}
