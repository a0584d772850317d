import { CrossrootError } from '../proofs/errors/base.js';
import type { AnchoredKind } from '../proofs/format/proof.js';
import type { AccountNodes, ForeignBlock } from './source.js';
import type { ForeignHeader } from './types.js';

/** A proof of this kind does not exist on this kind of chain, or the transaction has no such part. */
export class ProofKindError extends CrossrootError {
  override readonly name = 'ProofKindError';
}

/** What a question may name besides the transaction or the block. Each aspect takes some of these. */
export interface PayloadParameters {
  /** Index of a log within its transaction. */
  readonly log?: number | undefined;
  /** Further transactions of the same block, as the chain's users write them; on Ethereum also `HASH:receipt`, `HASH:log:N`. */
  readonly also?: readonly string[] | undefined;
  /** What of the first transaction, beside others: `receipt` or `log:N`; by default the transaction itself. */
  readonly part?: string | undefined;
  /** Number of an output, from 0. */
  readonly output?: number | undefined;
  /** The address that exactly one output pays to; an account; the contracts whose logs are meant, joined by commas. */
  readonly address?: string | undefined;
  /** Number of an input, from 0. */
  readonly input?: number | undefined;
  /** The output that an input spends: transaction, colon, number. */
  readonly outpoint?: string | undefined;
  /** Storage slots: numbers, decimal or hex with 0x. */
  readonly slot?: readonly string[] | undefined;
  /** A log's topics, place by place: `any`, or alternatives joined by commas. */
  readonly topic?: readonly string[] | undefined;
  /** Height of the first block of a range; its last is the block that is asked about. */
  readonly fromBlock?: number | undefined;
  /** Place of a withdrawal in its block, from 0. */
  readonly withdrawal?: number | undefined;
  /** The list of a block that is counted: `transactions` or `withdrawals`. */
  readonly list?: string | undefined;
}

/** The parameters as they stand in a URL. */
export function parametersQuery(parameters: PayloadParameters): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    const as = name === 'fromBlock' ? 'from_block' : name;
    if (Array.isArray(value) && name !== 'also') for (const one of value) query.append(as, String(one));
    else query.set(as, String(value));
  }
  return query;
}

/** What of a transaction or a block is to be proven. */
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

/** What payloads about blocks, ranges of blocks and their state are made of. */
export interface BlockData {
  /** The best-branch header at a height; `undefined` where it is not known. */
  header(height: number): Promise<ForeignHeader | undefined>;
  /** @throws SourceUnavailableError */
  block(hash: Uint8Array): Promise<ForeignBlock>;
  /** @throws SourceUnavailableError where no source keeps the state of that block */
  account(address: Uint8Array, slots: readonly Uint8Array[], blockHash: Uint8Array): Promise<AccountNodes>;
  /** @param codeHash of the code, as the account has it: a source that answers other code is passed over */
  code(address: Uint8Array, blockHash: Uint8Array, codeHash: Uint8Array): Promise<Uint8Array>;
}

/** A question about a block itself. */
export interface BlockRequest extends PayloadQuestion {
  /** Name of the chain, such as `ethereum-mainnet`. */
  readonly chain: string;
  readonly header: ForeignHeader;
  readonly data: BlockData;
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
  /** What can be proven of a transaction or a block, and the parameters that each takes. */
  readonly aspects: readonly {
    readonly name: string;
    readonly takes: readonly (keyof PayloadParameters)[];
    /** By default a transaction. */
    readonly of?: 'block';
  }[];
  /** @throws ProofKindError where the transaction has no such part; MalformedInputError */
  build(request: PayloadRequest): BuiltPayload;
  /** For the aspects of a block. @throws ProofKindError, MalformedInputError, LimitExceededError, SourceUnavailableError */
  readonly buildOfBlock?: (request: BlockRequest) => Promise<BuiltPayload>;
  /** Reads a block as nodes give it, where that is all that proofs need. @throws MalformedInputError, LimitExceededError */
  readonly readBlock?: (bytes: Uint8Array) => ForeignBlock;
  /** The height that a block says of itself, where the rules of its chain put it there. */
  readonly heightIn?: (chain: string, block: ForeignBlock) => number | undefined;
  /** Forms of `branch`. */
  readonly branchFormats?: readonly string[];
  /** @throws ProofKindError, MalformedInputError */
  readonly branch?: (request: BranchRequest) => BranchFile;
  /** Forms of `stateFile`. */
  readonly stateFormats?: readonly string[];
  /** State of a block in a form that other programs read. @throws as `buildOfBlock` */
  readonly stateFile?: (request: BlockRequest & { readonly format: string }) => Promise<BranchFile>;
  /** The payload of such a file, once everything in it holds. @throws CrossrootError naming what does not */
  readonly readState?: (request: StateFileRequest) => BuiltPayload;
}

/** A file in one of the `stateFormats`. */
export interface StateFileRequest {
  /** Name of the chain. */
  readonly chain: string;
  readonly format: string;
  readonly text: string;
  /** Of the block whose state it is. */
  readonly header: ForeignHeader;
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

  /** What an aspect is about. @throws ProofKindError as `of` */
  subjectOf(chain: string, chainKind: number, aspect: string): 'transaction' | 'block' {
    const found = this.of(chain, chainKind).aspects.find(({ name }) => name === aspect);
    return found?.of ?? 'transaction';
  }

  /** @throws ProofKindError as `check`, and where the transaction has no such part; MalformedInputError */
  build(chainKind: number, request: PayloadRequest): BuiltPayload {
    this.#checkSubject(chainKind, request, 'transaction');
    return this.of(request.chain, chainKind).build(request);
  }

  /** @throws ProofKindError as `check`; MalformedInputError, LimitExceededError, SourceUnavailableError */
  async buildOfBlock(chainKind: number, request: BlockRequest): Promise<BuiltPayload> {
    this.#checkSubject(chainKind, request, 'block');
    const { buildOfBlock } = this.of(request.chain, chainKind);
    if (buildOfBlock === undefined) throw new ProofKindError(`${request.chain} has no proofs about blocks`);
    return buildOfBlock(request);
  }

  /** @throws ProofKindError where the chain has no such form; as `buildOfBlock` */
  async stateFile(
    chainKind: number,
    request: BlockRequest & { readonly format: string },
  ): Promise<BranchFile> {
    const { stateFile } = this.#ofState(chainKind, request);
    this.#checkSubject(chainKind, request, 'block');
    if (stateFile === undefined) throw new ProofKindError(`${request.chain} writes no state`);
    return stateFile(request);
  }

  /** @throws ProofKindError where the chain has no such form; CrossrootError naming what does not hold */
  readState(chainKind: number, request: StateFileRequest): BuiltPayload {
    const { readState } = this.#ofState(chainKind, request);
    if (readState === undefined) throw new ProofKindError(`${request.chain} reads no state`);
    return readState(request);
  }

  #ofState(chainKind: number, { chain, format }: Pick<StateFileRequest, 'chain' | 'format'>): PayloadBuilder {
    const builder = this.of(chain, chainKind);
    const { stateFormats = [] } = builder;
    if (stateFormats.includes(format)) return builder;
    const offered = stateFormats.length === 0 ? 'no state' : stateFormats.join(', ');
    throw new ProofKindError(`format=${format.slice(0, 40)}: ${chain} offers ${offered}`);
  }

  #checkSubject(
    chainKind: number,
    request: PayloadQuestion & { readonly chain: string },
    subject: 'transaction' | 'block',
  ): void {
    const { chain, aspect } = request;
    this.check(chain, chainKind, request);
    const own = this.subjectOf(chain, chainKind, aspect);
    if (own !== subject) throw new ProofKindError(`kind=${aspect} is about a ${own}, not about a ${subject}`);
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
