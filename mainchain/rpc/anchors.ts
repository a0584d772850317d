import { bytesEqual } from '../../proofs/bytes.js';
import type { Certificate } from '../../proofs/containers/consensus.js';
import type { MainHeader } from '../../proofs/containers/header.js';
import { LeafType } from '../../proofs/containers/leaf.js';
import {
  type Anchor,
  type ChainRef,
  type CompactCertificate,
  type Handover,
  type LeafAnchor,
  MAX_HANDOVERS,
  type ReorgAnchor,
} from '../../proofs/containers/proof.js';
import { MemoryNodes } from '../../proofs/history/nodes.js';
import { leafPath } from '../../proofs/history/path.js';
import { ChainStoreError } from '../chain/errors.js';
import { chainOrder, needChain } from '../contracts/chains.js';
import { freezeHeight } from '../contracts/delegates.js';
import {
  commitmentOf,
  commitmentsOf,
  committedHeight,
  headerHistory,
  indexHistory,
  leafOf,
  readIndex,
  reorgHistory,
  reorgOf,
} from '../contracts/histories.js';
import type { Core } from '../node/core.js';
import { needSpecRoot } from './chainState.js';
import {
  BelowStartError,
  NotCommittedError,
  NotFinalError,
  TooManyHandoversError,
  UnknownReorgError,
} from './errors.js';

/** A certificate for `header`, without what the header fixes. */
export function compact({ vote, bits, signature }: Certificate): CompactCertificate {
  return { term: vote.term, targetRoot: vote.target.root, bits, signature };
}

/** Final blocks below the newest that are looked at for a certificate. */
const LOOK_BACK = 256;

/** Puts together what proofs need: chain queries and certificates. */
export class AnchorDesk {
  /** Final, so they never change. */
  readonly #handovers = new Map<number, Handover>();

  constructor(readonly core: Core) {}

  /** As `MainChainClient.leafAnchor`. @throws UnknownChainError, NotCommittedError, BelowStartError, NotFinalError */
  leafAnchor(name: string, height: number, at: number | undefined, fromTerm: number): LeafAnchor {
    const { chain } = this.core;
    const { root, header } = this.#final(at);
    const state = chain.stateAt(root);
    const specRoot = needSpecRoot(state, name);
    const record = readIndex(state, specRoot);
    if (height < record.start) throw new BelowStartError(name, height, record.start);
    if (height > committedHeight(record)) throw new NotCommittedError(name, height, header.height);
    const leaf = leafOf(chain.nodes, record, height);
    if (leaf === undefined) throw new ChainStoreError(`the leaf of ${name} height ${height} is missing`);
    const { specRoot: _leafSpec, ...compactLeaf } = LeafType.clone(leaf);
    const {
      specRoot: _spec,
      historyRoot: _history,
      ...commitment
    } = commitmentOf(specRoot, needChain(state, specRoot), record);
    return {
      chain: this.#chainRef(root, specRoot),
      leaf: compactLeaf,
      historyPath: leafPath(headerHistory(record), height - record.start, chain.nodes),
      commitment,
      anchor: this.#anchor(root, header, specRoot, fromTerm),
    };
  }

  /** As `MainChainClient.reorgAnchor`. @throws UnknownChainError, UnknownReorgError */
  reorgAnchor(name: string, index: number, fromTerm: number): ReorgAnchor {
    const { chain } = this.core;
    const { root, header } = this.#final(undefined);
    const state = chain.stateAt(root);
    const specRoot = needSpecRoot(state, name);
    const record = readIndex(state, specRoot);
    const reorg = reorgOf(chain.nodes, record, index);
    if (reorg === undefined) throw new UnknownReorgError(name, index, record.reorgCount);
    const {
      specRoot: _spec,
      reorgRoot: _root,
      ...commitment
    } = commitmentOf(specRoot, needChain(state, specRoot), record);
    return {
      chain: this.#chainRef(root, specRoot),
      index,
      reorg,
      reorgPath: leafPath(reorgHistory(record), index, chain.nodes),
      commitment,
      anchor: this.#anchor(root, header, specRoot, fromTerm),
    };
  }

  /** Hand-overs of terms `fromTerm` to `toTerm - 1` (default: up to the final head's term), oldest first. */
  handovers(fromTerm: number, toTerm?: number): Handover[] {
    const { chain, engine } = this.core;
    const end = toTerm ?? chain.header(engine.finalized.root)?.term ?? 0;
    if (end - fromTerm > MAX_HANDOVERS) throw new TooManyHandoversError(fromTerm, end, MAX_HANDOVERS);
    const found: Handover[] = [];
    // From the newest term down: each term's first block names the height of its beginning.
    let first = this.#firstOfTerm(end);
    for (let term = end - 1; term >= fromTerm; term--) {
      if (first === undefined) throw new NotFinalError(engine.finalized.height + 1, engine.finalized.height);
      const known = this.#handovers.get(term);
      const handover: Handover = known ?? this.#handover(first);
      if (known === undefined && first.height <= engine.finalized.height) this.#handovers.set(term, handover);
      found.unshift(handover);
      const before: MainHeader | undefined = this.#headerAt(first.height - 1);
      first = before === undefined ? undefined : this.#headerAt(before.termStart);
    }
    return found;
  }

  /** The certificate that finalises the best branch's block at `height` by a direct link. */
  certificate(height: number): Certificate | undefined {
    if (height > this.core.engine.finalized.height) return undefined;
    const certificate = this.core.records.finalizing(height);
    const root = this.core.chain.rootAt(height);
    return certificate !== undefined && root !== undefined && bytesEqual(certificate.vote.source.root, root)
      ? certificate
      : undefined;
  }

  /** The old term's block and certificate that the first block of the next term carries. */
  #handover(first: MainHeader): Handover {
    const { chain } = this.core;
    const firstRoot = chain.rootAt(first.height);
    const certificate = firstRoot === undefined ? undefined : chain.block(firstRoot)?.block.certificates[0];
    if (certificate === undefined)
      throw new ChainStoreError(`the first block of term ${first.term} lacks its certificate`);
    const { root } = certificate.vote.source;
    const header = chain.header(root);
    if (header === undefined || header.height < freezeHeight(header.termStart, chain.genesis.termBlocks)) {
      throw new ChainStoreError(`the hand-over to term ${first.term} names no block of the old term's end`);
    }
    return { header, certificate: compact(certificate), members: chain.setsAt(root).next };
  }

  /** First header of a term on the best branch, if the term has begun. */
  #firstOfTerm(term: number): MainHeader | undefined {
    const { head } = this.core.chain;
    let header: MainHeader | undefined = head.header;
    while (header !== undefined && header.term > term) header = this.#headerAt(header.termStart - 1);
    return header?.term === term ? this.#headerAt(header.termStart) : undefined;
  }

  #headerAt(height: number): MainHeader | undefined {
    const root = this.core.chain.rootAt(height);
    return root === undefined ? undefined : this.core.chain.header(root);
  }

  /**
   * The newest final block that has a certificate of its own: the newest one, or one just below while the newest
   * one's certificate is still being written.
   */
  #newestCertified():
    | { readonly header: MainHeader; readonly root: Uint8Array; readonly certificate: Certificate }
    | undefined {
    const { finalized } = this.core.engine;
    for (let height = finalized.height; height > Math.max(0, finalized.height - LOOK_BACK); height--) {
      const certificate = this.certificate(height);
      const root = certificate?.vote.source.root;
      const header = root === undefined ? undefined : this.core.chain.header(root);
      if (certificate !== undefined && root !== undefined && header !== undefined)
        return { header, root, certificate };
    }
    return undefined;
  }

  /** The final block at `at`; by default the newest with a certificate. @throws NotFinalError */
  #final(at: number | undefined): { readonly root: Uint8Array; readonly header: MainHeader } {
    const { chain, engine } = this.core;
    const height = at ?? this.#newestCertified()?.header.height ?? engine.finalized.height;
    if (height > engine.finalized.height) throw new NotFinalError(height, engine.finalized.height);
    const root = chain.ancestorAt(engine.finalized.root, height);
    const header = root === undefined ? undefined : chain.header(root);
    if (root === undefined || header === undefined)
      throw new ChainStoreError(`main height ${height} is missing`);
    return { root, header };
  }

  #chainRef(root: Uint8Array, specRoot: Uint8Array): ChainRef {
    const { spec } = needChain(this.core.chain.stateAt(root), specRoot);
    return { name: spec.name, checkpoint: spec.checkpoint };
  }

  #anchor(root: Uint8Array, header: MainHeader, specRoot: Uint8Array, fromTerm: number): Anchor {
    const { chain } = this.core;
    const state = chain.stateAt(root);
    const commitments = commitmentsOf(state);
    const position = chainOrder(state).findIndex((other) => bytesEqual(other, specRoot));
    const nodes = new MemoryNodes();
    const index = indexHistory(commitments, nodes);
    const direct = this.certificate(header.height);
    const newer = direct === undefined ? this.#newestCertified() : undefined;
    const certificate = direct ?? newer?.certificate;
    if (certificate === undefined || (newer !== undefined && newer.header.height <= header.height)) {
      throw new NotFinalError(header.height, newer?.header.height ?? 0);
    }
    return {
      indexPosition: position,
      indexSize: commitments.length,
      indexPath: leafPath(index, position, nodes),
      header,
      ancestry:
        newer === undefined
          ? []
          : [{ header: newer.header, path: chain.pathOfAncestor(newer.root, header.height) }],
      certificate: compact(certificate),
      handovers: this.handovers(fromTerm, certificate.vote.term),
    };
  }
}
