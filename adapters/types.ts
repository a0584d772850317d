import type { Bls } from '../proofs/bls/bls.js';
import type { AssuranceCode } from '../proofs/containers/leaf.js';
import type { Checkpoint } from '../proofs/containers/spec.js';

/** A foreign header, decoded as far as the rest needs. Hashes in internal byte order, 32 bytes each. */
export interface ForeignHeader {
  readonly height: number;
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
  readonly transactionsRoot: Uint8Array;
  /** Zero where the chain has none. */
  readonly receiptsRoot: Uint8Array;
  /** Zero where the chain has none. */
  readonly stateRoot: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
  /** The header as it is hashed: 80 bytes (Bitcoin) or RLP (Ethereum). */
  readonly raw: Uint8Array;
}

/** Headers that a header under validation builds on. */
export interface Ancestors {
  readonly checkpoint: Checkpoint;
  /** The header at `height` on the branch under validation; `undefined` where it is not known (below the checkpoint or the window). */
  header(height: number): ForeignHeader | undefined;
}

/** A network of one kind, as data. */
export interface NetworkInfo {
  /** Chain name, such as `bitcoin-mainnet`. */
  readonly name: string;
  /** Canonical encoding of the parameters, as in `ChainSpec.parameters`. */
  readonly parameters: Uint8Array;
  /** Internal byte order; zero for local networks whose genesis is their checkpoint. */
  readonly genesisHash: Uint8Array;
  /** Raw genesis header where it is known. */
  readonly genesisHeader: Uint8Array | undefined;
  /** Headers of the best branch that the main chain keeps in its state. */
  readonly window: number;
  /** Of its leaves, unless a committee vouches for them: `assuranceFor`. */
  readonly assurance: AssuranceCode;
}

/** What a record of a chain's finality says. */
export interface FinalityView {
  /** Newest final block, internal byte order. */
  readonly height: number;
  readonly hash: Uint8Array;
  /** When it was proposed, in the slots of the chain that signs. */
  readonly slot: number;
  /** Of the committee that signs at that slot. */
  readonly period: number;
  /** Whether the committee of the next period is known. */
  readonly knowsNext: boolean;
}

/**
 * Finality that committees of the chain's own sign, each proving the next one, as a pure state machine. Records are SSZ of a
 * few hundred bytes. Everything comes from whoever submits it and is checked in full.
 */
export interface CommitteeFinality {
  /** Canonical encoding of the parameters of a network that is followed so; `undefined` where it has no committees. */
  parameters(network: NetworkInfo): Uint8Array | undefined;
  /** @throws LightClientRuleError, MalformedInputError, LimitExceededError */
  start(network: string, trustedRoot: Uint8Array, bootstrap: Uint8Array): Uint8Array;
  /**
   * @param now Unix seconds
   * @throws LightClientRuleError, LightClientTooEarlyError (retryable), MalformedInputError, LimitExceededError
   */
  advance(
    network: string,
    record: Uint8Array,
    update: Uint8Array,
    committee: Uint8Array,
    now: number,
    bls: Bls,
  ): Uint8Array;
  view(network: string, record: Uint8Array): FinalityView;
  /** At most one block is made in so many milliseconds. */
  slotMilliseconds(network: string): number;
}

/**
 * Everything the main chain needs to know of one kind of foreign chain: pure, deterministic functions.
 * Register it in `adapters/registry.ts`.
 */
export interface ChainKind {
  /** `ChainKindCode` */
  readonly code: number;
  readonly name: string;
  readonly rulesVersion: number;
  readonly networks: readonly NetworkInfo[];
  /** Splits headers written one after another. @throws MalformedInputError on leftover bytes. */
  split(bytes: Uint8Array): Uint8Array[];
  /** Decodes and hashes; an Ethereum header's own number must equal `height`. @throws MalformedInputError */
  decode(raw: Uint8Array, height: number): ForeignHeader;
  /** Expected work of one header; 0n where the kind knows no work. */
  work(header: ForeignHeader): bigint;
  /**
   * All rules of this header on top of `ancestors`, link to the parent included.
   * @param now Unix seconds: the main block's slot time, never a wall clock inside the main chain
   * @throws HeaderRuleError; `HeaderTooEarlyError` (retryable) for a timestamp too far ahead of `now`
   */
  validate(network: string, header: ForeignHeader, ancestors: Ancestors, now: number): void;
  /** Where committees sign the chain's finality. */
  readonly committee?: CommitteeFinality;
  displayHash(hash: Uint8Array): string;
  /** @throws MalformedInputError */
  parseHash(text: string): Uint8Array;
}
