import type { ChainKind } from '../../adapters/types.js';
import { utf8 } from '../../proofs/bytes.js';
import type { Attest, GovernanceAction } from '../../proofs/containers/calls.js';
import type { Commitment, Reorg } from '../../proofs/containers/commitment.js';
import type { Certificate } from '../../proofs/containers/consensus.js';
import type { Evidence } from '../../proofs/containers/evidence.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import type { MainHeader } from '../../proofs/containers/header.js';
import type { Handover, LeafAnchor, ReorgAnchor } from '../../proofs/containers/proof.js';
import type { Receipt, SignedBlock, SignedTransaction } from '../../proofs/containers/transaction.js';
import { governanceSequence, specRootOf } from '../contracts/chains.js';
import { commitmentsOf, readIndex, reorgOf } from '../contracts/histories.js';
import { readAccount } from '../contracts/token.js';
import type { MainChainNode } from '../node/node.js';
import { indexIn } from '../node/voter.js';
import type { StateView } from '../state/view.js';
import { feeForBytes, transactionRoot } from '../transactions.js';
import { AnchorDesk } from './anchors.js';
import { branchHashAt, chainFinality, chainState, chainStates, needSpecRoot } from './chainState.js';
import { TransactionRefusedError } from './errors.js';
import {
  type BlockId,
  type ChainFinality,
  type ChainState,
  type DelegateSignature,
  MAX_REORGS,
  type MainChainClient,
  type NodeStatus,
  type TransactionStatus,
} from './types.js';

/** A node's answers beside those that any client needs. */
export interface NodeClient extends MainChainClient {
  /** Portable proofs of faults that this node has seen: at most 256. */
  evidence(): Promise<readonly Evidence[]>;
}

/** The client of a node in the same process. */
export class LocalClient implements NodeClient {
  readonly #node: MainChainNode;
  readonly #kinds: readonly ChainKind[];
  readonly #anchors: AnchorDesk;

  constructor(node: MainChainNode) {
    this.#node = node;
    this.#kinds = node.kinds;
    this.#anchors = new AnchorDesk(node.core);
  }

  async status(): Promise<NodeStatus> {
    const { core, keys, lock, pool, peerCount } = this.#node;
    const { head, justified, finalized } = core.engine;
    const { members, setRoot, term } = core.chain.termAt(head.root);
    return {
      genesisRoot: core.chain.genesisRoot,
      head: { height: head.height, root: head.root, slot: head.slot },
      justified: { height: justified.height, root: justified.root },
      finalized: { height: finalized.height, root: finalized.root },
      term,
      setRoot,
      delegates: members.length,
      delegateIndex: keys === undefined ? undefined : indexIn(members, keys.account.account),
      voting: lock?.voting ?? false,
      peers: peerCount,
      pool: pool.size,
    };
  }

  async genesis(): Promise<Genesis> {
    return this.#chain.genesis;
  }

  async header(id: BlockId): Promise<{ readonly header: MainHeader; readonly root: Uint8Array } | undefined> {
    const root = this.#root(id);
    const header = root === undefined ? undefined : this.#chain.header(root);
    return root === undefined || header === undefined ? undefined : { header, root };
  }

  async block(id: BlockId): Promise<SignedBlock | undefined> {
    const root = this.#root(id);
    return root === undefined ? undefined : this.#chain.block(root);
  }

  async receipts(id: BlockId): Promise<readonly Receipt[] | undefined> {
    const root = this.#root(id);
    return root === undefined ? undefined : this.#chain.receipts(root);
  }

  async certificate(height: number): Promise<Certificate | undefined> {
    return this.#anchors.certificate(height);
  }

  async commitments(
    id: BlockId,
  ): Promise<
    | { readonly header: MainHeader; readonly root: Uint8Array; readonly commitments: readonly Commitment[] }
    | undefined
  > {
    const found = await this.header(id);
    return found && { ...found, commitments: commitmentsOf(this.#chain.stateAt(found.root)) };
  }

  async chains(): Promise<readonly ChainState[]> {
    return chainStates(this.#state);
  }

  async chain(name: string): Promise<ChainState | undefined> {
    const state = this.#state;
    const specRoot = specRootOf(state, utf8(name));
    return specRoot === undefined ? undefined : chainState(state, specRoot);
  }

  async finality(name: string): Promise<ChainFinality | undefined> {
    return chainFinality(this.#state, this.#kinds, name);
  }

  async branchHash(name: string, height: number): Promise<Uint8Array | undefined> {
    return branchHashAt(this.#state, this.#kinds, name, height);
  }

  async leafAnchor(
    name: string,
    height: number,
    options: { readonly at?: number; readonly fromTerm?: number } = {},
  ): Promise<LeafAnchor> {
    return this.#anchors.leafAnchor(name, height, options.at, options.fromTerm ?? 0);
  }

  async reorgs(
    name: string,
    { from = 0, limit = MAX_REORGS }: { readonly from?: number; readonly limit?: number } = {},
  ): Promise<readonly Reorg[]> {
    const state = this.#state;
    const record = readIndex(state, needSpecRoot(state, name));
    const found: Reorg[] = [];
    const end = Math.min(record.reorgCount, from + Math.min(limit, MAX_REORGS));
    for (let i = from; i < end; i++) {
      const reorg = reorgOf(this.#chain.nodes, record, i);
      if (reorg !== undefined) found.push(reorg);
    }
    return found;
  }

  async reorgAnchor(
    name: string,
    index: number,
    options: { readonly fromTerm?: number } = {},
  ): Promise<ReorgAnchor> {
    return this.#anchors.reorgAnchor(name, index, options.fromTerm ?? 0);
  }

  async handovers(fromTerm: number): Promise<readonly Handover[]> {
    return this.#anchors.handovers(fromTerm);
  }

  async account(account: Uint8Array): Promise<{ readonly nonce: number; readonly balance: bigint }> {
    const { nonce, balance } = readAccount(this.#state, account);
    return { nonce, balance };
  }

  async fee(callBytes: number): Promise<bigint> {
    return feeForBytes(this.#chain.genesis, callBytes);
  }

  async mark(): Promise<Uint8Array> {
    return this.#chain.mark();
  }

  async send(transaction: SignedTransaction): Promise<Uint8Array> {
    const root = transactionRoot(transaction.transaction);
    if (this.#chain.transaction(root) !== undefined) return root;
    const verdict = this.#node.submit(transaction);
    if (verdict.status === 'refused') throw new TransactionRefusedError(verdict.reason, verdict.retryable);
    return root;
  }

  async transaction(root: Uint8Array): Promise<TransactionStatus> {
    const place = this.#chain.transaction(root);
    if (place === undefined) return { status: this.#node.pool.has(root) ? 'pending' : 'unknown' };
    const final = place.height <= this.#node.core.engine.finalized.height;
    return {
      status: final ? 'finalized' : 'included',
      block: { height: place.height, root: place.blockRoot },
      receipt: place.receipt,
    };
  }

  async attest(attest: Attest): Promise<DelegateSignature> {
    const chain = chainStates(this.#state).find((c) => Buffer.compare(c.specRoot, attest.specRoot) === 0);
    return this.#node.desk.attest(attest, chain);
  }

  async approve(action: GovernanceAction): Promise<DelegateSignature> {
    return this.#node.desk.approve(action);
  }

  async governanceSequence(): Promise<number> {
    return governanceSequence(this.#state);
  }

  async evidence(): Promise<readonly Evidence[]> {
    return this.#node.core.records.evidence();
  }

  get #chain() {
    return this.#node.core.chain;
  }
  get #state(): StateView {
    return this.#chain.stateAt(this.#chain.head.root);
  }

  #root(id: BlockId): Uint8Array | undefined {
    const { engine } = this.#node.core;
    if (typeof id === 'number') return this.#chain.rootAt(id);
    if (typeof id !== 'string') return id;
    return id === 'head'
      ? this.#chain.head.root
      : id === 'justified'
        ? engine.justified.root
        : engine.finalized.root;
  }
}
