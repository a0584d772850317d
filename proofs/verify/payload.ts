import type { Leaf } from '../containers/leaf.js';
import type { ProofKindCode } from '../containers/proof.js';
import type { ChainSpec, Checkpoint } from '../containers/spec.js';

/** JSON as the proof format uses it: no floating point, integers of 64 bits as decimal strings. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** What a payload proves, for people and programs. Plain data, printable. */
export interface PayloadClaim {
  /** One line such as `payment of 0.5 BTC to bcrt1…`. */
  readonly summary: string;
  /** Facts by name (txid, amount, log fields …). */
  readonly facts: Readonly<Record<string, Json>>;
}

/**
 * Reads and checks one kind of payload against the roots of a leaf. One a proof kind; a chain kind's
 * `proofs/` folder makes them and the caller hands them to the verifier.
 */
export interface PayloadVerifier {
  readonly kind: ProofKindCode;
  /** As in the JSON form, such as `bitcoin-transaction`. */
  readonly name: string;
  /** `ChainKindCode` of the chains it applies to. */
  readonly chainKind: number;
  /**
   * Checks SSZ `payload` against `leaf` of the chain called `chainName`.
   * @throws ProofError naming the flaw.
   */
  verify(payload: Uint8Array, leaf: Leaf, chainName: string): PayloadClaim;
  /** The payload as JSON for people. Inverse of `fromJson`; throws ProofError if it does not decode. */
  toJson(payload: Uint8Array): Json;
  /** Strict: throws ProofError('malformed' | 'non-canonical'). */
  fromJson(json: Json): Uint8Array;
}

/** The verifier's own knowledge of foreign chains. */
export interface NetworkData {
  /** Completes a reference to a full spec, or `undefined` for a chain this verifier does not know. */
  spec(name: string, checkpoint: Checkpoint): ChainSpec | undefined;
  /** A block hash as that chain's users write it. */
  displayHash(chainKind: number, hash: Uint8Array): string;
  /** Inverse of `displayHash`. @throws MalformedInputError */
  parseHash(chainKind: number, text: string): Uint8Array;
  /** Assurance that leaves of this chain have: a leaf that says another one is refused. */
  assurances(chainKind: number, name: string, checkpoint: Checkpoint): readonly number[];
}
