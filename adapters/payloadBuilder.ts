import { CrossrootError } from '../proofs/errors/base.js';
import type { AnchoredKind } from '../proofs/format/proof.js';
import type { ForeignBlock } from './source.js';

/** A proof of this kind does not exist on this kind of chain, or the transaction has no such part. */
export class ProofKindError extends CrossrootError {
  override readonly name = 'ProofKindError';
}

/** What a question may name besides the transaction. Each aspect takes some of these. */
export interface PayloadParameters {
  /** Index of a log within its transaction. */
  readonly log?: number | undefined;
  /** Further transactions of the same block, as the chain's users write them. */
  readonly also?: readonly string[] | undefined;
  /** Number of an output, from 0. */
  readonly output?: number | undefined;
  /** The address that exactly one output pays to. */
  readonly address?: string | undefined;
  /** Number of an input, from 0. */
  readonly input?: number | undefined;
  /** The output that an input spends: transaction, colon, number. */
  readonly outpoint?: string | undefined;
}

/** What of a transaction is to be proven. */
export interface PayloadQuestion {
  /** One of the names that the chain's builder offers, such as `tx`. */
  readonly aspect: string;
  readonly parameters: PayloadParameters;
}

export interface PayloadRequest extends PayloadQuestion {
  /** Name of the chain, such as `bitcoin-mainnet`. */
  readonly chain: string;
  readonly block: ForeignBlock;
  /** Position of the transaction in the block. */
  readonly index: number;
}

/** The chain-specific part of a proof. */
export interface BuiltPayload {
  readonly kind: AnchoredKind;
  readonly payload: Uint8Array;
}

/** A Merkle branch in a form that other programs of the chain read. */
export interface BranchFile {
  /** Media type. */
  readonly type: string;
  readonly text: string;
}

export interface BranchRequest {
  readonly format: string;
  readonly block: ForeignBlock;
  /** Position of the transaction in the block. */
  readonly index: number;
  /** Further transactions, for the forms that hold several. */
  readonly also: readonly string[];
}

/** Makes payloads for one kind of foreign chain. One an adapter, listed in `adapters/registry.ts`. */
export interface PayloadBuilder {
  /** `ChainKindCode` */
  readonly chainKind: number;
  /** What can be proven of a transaction, and the parameters that each takes. */
  readonly aspects: readonly {
    readonly name: string;
    readonly takes: readonly (keyof PayloadParameters)[];
  }[];
  /** @throws ProofKindError where the transaction has no such part; MalformedInputError */
  build(request: PayloadRequest): BuiltPayload;
  /** Reads a block as nodes give it, where that is all that proofs need. @throws MalformedInputError, LimitExceededError */
  readonly readBlock?: (bytes: Uint8Array) => ForeignBlock;
  /** The height that a block says of itself, where the rules of its chain put it there. */
  readonly heightIn?: (chain: string, block: ForeignBlock) => number | undefined;
  /** Forms of `branch`. */
  readonly branchFormats?: readonly string[];
  /** @throws ProofKindError, MalformedInputError */
  readonly branch?: (request: BranchRequest) => BranchFile;
}

/** The builders of every kind of chain, behind one question. */
export class PayloadBuilders {
  readonly #builders: readonly PayloadBuilder[];

  constructor(builders: readonly PayloadBuilder[]) {
    this.#builders = builders;
  }

  /** @param chain for errors @throws ProofKindError where chains of this kind have no proofs */
  of(chain: string, chainKind: number): PayloadBuilder {
    const found = this.#builders.find((builder) => builder.chainKind === chainKind);
    if (found === undefined) throw new ProofKindError(`${chain} is of a kind of chain that has no proofs`);
    return found;
  }

  /**
   * Whether a question can be asked of a chain at all.
   * @throws ProofKindError for an aspect that the chain does not offer, or a parameter that does not go with it
   */
  check(chain: string, chainKind: number, { aspect, parameters }: PayloadQuestion): void {
    const { aspects } = this.of(chain, chainKind);
    const found = aspects.find(({ name }) => name === aspect);
    if (found === undefined) {
      const offered = aspects.map(({ name }) => name).join(', ');
      throw new ProofKindError(`kind=${aspect.slice(0, 40)}: ${chain} offers ${offered}`);
    }
    for (const [name, value] of Object.entries(parameters)) {
      if (value === undefined || found.takes.some((taken) => taken === name)) continue;
      throw new ProofKindError(`${name}: does not go with kind=${aspect}`);
    }
  }

  /** @throws ProofKindError as `check`, and where the transaction has no such part; MalformedInputError */
  build(chainKind: number, request: PayloadRequest): BuiltPayload {
    this.check(request.chain, chainKind, request);
    return this.of(request.chain, chainKind).build(request);
  }

  /** @param chain for errors @throws ProofKindError where the chain has no such form; MalformedInputError */
  branch(chain: string, chainKind: number, request: BranchRequest): BranchFile {
    const { branch, branchFormats = [] } = this.of(chain, chainKind);
    if (branch === undefined || !branchFormats.includes(request.format)) {
      const offered = branchFormats.length === 0 ? 'no Merkle branches' : branchFormats.join(', ');
      throw new ProofKindError(`format=${request.format.slice(0, 40)}: ${chain} offers ${offered}`);
    }
    return branch(request);
  }
}
