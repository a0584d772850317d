import { SourceUnavailableError } from '../../adapters/errors.js';
import type {
  BlockRequest,
  BranchFile,
  BuiltPayload,
  PayloadBuilders,
  PayloadParameters,
} from '../../adapters/payloadBuilder.js';
import type { ForeignHeader } from '../../adapters/types.js';
import type { ChainState, MainChainClient } from '../../mainchain/rpc/types.js';
import { bytesEqual, toHex } from '../../proofs/bytes.js';
import { PolicyKind } from '../../proofs/containers/calls.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { ProofKind, type ProofKindCode } from '../../proofs/containers/proof.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import type { Proof, ReorgProof } from '../../proofs/format/proof.js';
import { formatPolicy } from '../../timing/policy.js';
import type { ProofData, RelayChain, TransactionPlace } from '../ports.js';
import { resolveBlock } from './blocks.js';
import {
  BelowHistoryError,
  ChainNotConfiguredError,
  DisputedBlockError,
  NotProvableYetError,
  type Progress,
  UnknownBlockError,
  UnknownTransactionError,
} from './errors.js';

export interface ProofBuilderOptions {
  readonly client: Pick<
    MainChainClient,
    'chain' | 'branchHash' | 'commitments' | 'leafAnchor' | 'reorgAnchor' | 'status'
  >;
  readonly chains: readonly RelayChain[];
  readonly data: ProofData;
  /** Makers of the chain-specific part of a proof. */
  readonly payloads: Pick<
    PayloadBuilders,
    'check' | 'build' | 'branch' | 'buildOfBlock' | 'stateFile' | 'readState'
  >;
  /** Checks a finished proof before it leaves; throws if it does not hold. A lying node is found here. */
  readonly check?: (proof: Proof, fromTerm: number) => Promise<void>;
}

export interface ProofRequest {
  readonly chain: string;
  /** As the chain's users write it. */
  readonly transaction: string;
  /** What of it, by a name that the chain's kind offers, such as `tx`. */
  readonly aspect: string;
  readonly parameters?: PayloadParameters;
  /** Terms whose hand-overs the verifier knows already. */
  readonly fromTerm?: number;
}

/** A question about a block itself: its lists, its state, logs of a range that ends with it. */
export interface BlockProofRequest extends Omit<ProofRequest, 'transaction'> {
  /** A height, a hash as the chain's users write it, or `latest`: the newest that is provable. */
  readonly block: string;
}

export interface BuiltProof {
  readonly proof: Proof;
  readonly kind: ProofKindCode;
  readonly chain: string;
  readonly height: number;
  readonly mainHeight: number;
}

/** Turns a transaction hash into a proof: one map look-up, one block, one question to the main chain. */
export class ProofBuilder {
  readonly #o: ProofBuilderOptions;

  constructor(options: ProofBuilderOptions) {
    this.#o = options;
  }

  /** @throws ChainNotConfiguredError */
  chain(name: string): RelayChain {
    const found = this.#o.chains.find((chain) => chain.name === name);
    if (found) return found;
    throw new ChainNotConfiguredError(
      name,
      this.#o.chains.map((chain) => chain.name),
    );
  }

  /**
   * @throws UnknownTransactionError, NotProvableYetError, DisputedBlockError (retryable); BelowHistoryError,
   * ProofKindError, ChainNotConfiguredError, MalformedInputError
   */
  async transaction(request: ProofRequest): Promise<BuiltProof> {
    const chain = this.chain(request.chain);
    const { aspect, parameters = {} } = request;
    this.#o.payloads.check(chain.name, chain.kind.code, { aspect, parameters });
    const hash = chain.kind.parseHash(request.transaction);
    const place = await this.#o.data.place(chain.name, hash);
    const state = await this.#o.client.chain(chain.name);
    if (!place || !state) throw new UnknownTransactionError(chain.name, request.transaction, state?.start);
    if (place.height < state.start) throw new BelowHistoryError(chain.name, place.height, state.start);
    await this.#provable(chain, state, place);

    const block = await this.#o.data.block(chain.name, place.blockHash);
    const { kind, payload } = this.#o.payloads.build(chain.kind.code, {
      aspect,
      parameters,
      chain: chain.name,
      block,
      index: place.index,
    });
    return this.#anchored(chain, state, place, { kind, payload }, request.fromTerm);
  }

  /** As `transaction`, about a block. @throws UnknownBlockError and as `transaction`; LimitExceededError, SourceUnavailableError */
  async block(request: BlockProofRequest): Promise<BuiltProof> {
    const chain = this.chain(request.chain);
    const { aspect, parameters = {} } = request;
    this.#o.payloads.check(chain.name, chain.kind.code, { aspect, parameters });
    return this.#ofBlock(chain, request, (header) => {
      const question = { aspect, parameters, chain: chain.name, header, data: this.#dataOf(chain) };
      return this.#o.payloads.buildOfBlock(chain.kind.code, question);
    });
  }

  /**
   * A proof of what some node says of a block's state, in a form that `state` writes, once everything in it holds.
   * @throws as `block`; CrossrootError naming what does not hold
   */
  async imported(
    request: Pick<BlockProofRequest, 'chain' | 'block' | 'fromTerm'> & {
      readonly format: string;
      readonly text: string;
    },
  ): Promise<BuiltProof> {
    const chain = this.chain(request.chain);
    const { format, text } = request;
    return this.#ofBlock(chain, request, async (header) =>
      this.#o.payloads.readState(chain.kind.code, { chain: chain.name, format, text, header }),
    );
  }

  async #ofBlock(
    chain: RelayChain,
    request: Pick<BlockProofRequest, 'block' | 'fromTerm'>,
    build: (header: ForeignHeader) => Promise<BuiltPayload>,
  ): Promise<BuiltProof> {
    const state = await this.#o.client.chain(chain.name);
    const header = await resolveBlock(chain, request.block, this.#o.client);
    const place = { height: header.height, blockHash: header.hash, index: 0 };
    if (!state) throw new UnknownBlockError(chain.name, request.block);
    if (place.height < state.start) throw new BelowHistoryError(chain.name, place.height, state.start);
    await this.#provable(chain, state, place);
    return this.#anchored(chain, state, place, await build(header), request.fromTerm);
  }

  /**
   * State of a block in a form that other programs read; no main chain vouches for it.
   * @throws ChainNotConfiguredError, UnknownBlockError, ProofKindError, MalformedInputError, SourceUnavailableError
   */
  async state(
    request: Omit<BlockProofRequest, 'fromTerm'> & { readonly format: string },
  ): Promise<BranchFile> {
    const chain = this.chain(request.chain);
    const { aspect, parameters = {}, format } = request;
    const header = await resolveBlock(chain, request.block, this.#o.client);
    const data = this.#dataOf(chain);
    const question = { format, aspect, parameters, chain: chain.name, header, data };
    return this.#o.payloads.stateFile(chain.kind.code, question);
  }

  async #anchored(
    chain: RelayChain,
    state: ChainState,
    place: TransactionPlace,
    { kind, payload }: BuiltPayload,
    fromTerm: number | undefined,
  ): Promise<BuiltProof> {
    const leafAnchor = await this.#anchor(chain, state, place, fromTerm);
    if (!bytesEqual(leafAnchor.leaf.blockHash, place.blockHash)) throw superseded(chain, place);
    const { genesisRoot, height } = leafAnchor.anchor.header;
    const proof: Proof = { kind, genesisRoot, leafAnchor, payload };
    await this.#o.check?.(proof, fromTerm ?? 0);
    return { proof, kind, chain: chain.name, height: place.height, mainHeight: height };
  }

  #dataOf(chain: RelayChain): BlockRequest['data'] {
    const { data } = this.#o;
    const none = () => new SourceUnavailableError(chain.name, 'has no source of state');
    return {
      header: async (height) => chain.local.header(height),
      block: (hash) => data.block(chain.name, hash),
      account: async (address, slots, hash) => {
        if (data.proof === undefined) throw none();
        return data.proof(chain.name, address, slots, hash);
      },
      code: async (address, hash, codeHash) => {
        if (data.code === undefined) throw none();
        return data.code(chain.name, address, hash, codeHash);
      },
    };
  }

  /**
   * A transaction's Merkle branch in a form that other programs of its chain read; no main chain vouches for it.
   * @param also further transactions of the same block
   * @throws ChainNotConfiguredError, UnknownTransactionError, ProofKindError, MalformedInputError
   */
  async branch(
    name: string,
    transaction: string,
    format: string,
    also: readonly string[],
  ): Promise<BranchFile> {
    const chain = this.chain(name);
    const place = await this.#o.data.place(chain.name, chain.kind.parseHash(transaction));
    if (!place) throw new UnknownTransactionError(chain.name, transaction, undefined);
    const block = await this.#o.data.block(chain.name, place.blockHash);
    return this.#o.payloads.branch(chain.name, chain.kind.code, { format, block, index: place.index, also });
  }

  /** The proof that a chain's `index`-th reorganisation happened. @throws UnknownReorganisationError and as above */
  async reorganisation(name: string, index: number): Promise<BuiltProof> {
    const chain = this.chain(name);
    const known = (await this.#o.client.chain(name))?.reorgCount ?? 0;
    if (index >= known) throw new UnknownReorganisationError(name, index, known);
    const reorgAnchor = await this.#o.client.reorgAnchor(name, index);
    const { header } = reorgAnchor.anchor;
    const proof: ReorgProof = { kind: ProofKind.reorg, genesisRoot: header.genesisRoot, reorgAnchor };
    await this.#o.check?.(proof, 0);
    const height = reorgAnchor.reorg.forkHeight;
    return { proof, kind: ProofKind.reorg, chain: chain.name, height, mainHeight: header.height };
  }

  /** Refuses what the main chain has not committed, with the way that is left. */
  async #provable(chain: RelayChain, state: ChainState, place: TransactionPlace): Promise<void> {
    if (state.status === ChainStatus.paused) {
      throw new DisputedBlockError(`${chain.name} is paused on the main chain: its branches are disputed`, {
        hint: 'The delegates decide by governance. Ask again when the chain is active.',
      });
    }
    if (place.height <= state.committed.height) {
      const theirs = await this.#o.client.branchHash(chain.name, place.height);
      if (theirs && !bytesEqual(theirs, place.blockHash)) throw superseded(chain, place);
      return;
    }
    throw new NotProvableYetError(chain.name, await this.#progress(chain, state, place), 2);
  }

  async #anchor(chain: RelayChain, state: ChainState, place: TransactionPlace, fromTerm = 0) {
    try {
      return await this.#o.client.leafAnchor(chain.name, place.height, { fromTerm });
    } catch (error) {
      if (error instanceof CrossrootError && error.name === 'NotCommittedError') {
        throw new NotProvableYetError(chain.name, await this.#progress(chain, state, place), 1, error);
      }
      if (error instanceof CrossrootError && error.name === 'BelowStartError') {
        throw new BelowHistoryError(chain.name, place.height, state.start);
      }
      throw error;
    }
  }

  async #progress(chain: RelayChain, state: ChainState, place: TransactionPlace): Promise<Progress> {
    const tip = (await chain.local.tip())?.height ?? place.height;
    const { height } = place;
    return {
      stage:
        height <= state.committed.height ? 'committed' : height <= state.tip.height ? 'accepted' : 'indexed',
      height,
      depth: Math.max(0, tip - height + 1),
      needed: state.policy.kind === PolicyKind.confirmations ? state.policy.value : undefined,
      committedHeight: state.committed.height,
      policy: formatPolicy(state.policy),
    };
  }
}

/** The chain has had fewer reorganisations than that. */
export class UnknownReorganisationError extends CrossrootError {
  override readonly name = 'UnknownReorganisationError';
  constructor(chain: string, index: number, count: number) {
    super(`${chain} has no reorganisation ${index}: the main chain recorded ${count}`, {
      details: { chain, index, count },
    });
  }
}

function superseded(chain: RelayChain, place: TransactionPlace): DisputedBlockError {
  return new DisputedBlockError(
    `the main chain has another block of ${chain.name} at height ${place.height} than ${chain.kind.displayHash(place.blockHash)}`,
    {
      hint: 'A reorganisation is being followed. Ask again shortly.',
      details: { chain: chain.name, height: place.height, blockHash: toHex(place.blockHash) },
    },
  );
}
