import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import {
  type BlockRef,
  type Certificate,
  CertificateType,
  type DelegateSet,
  quorum,
  type VoteData,
  VoteDataType,
} from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import type { Evidence, SignedVote } from '../../proofs/containers/evidence.js';
import { ConflictingFinalityError } from './errors.js';
import { BlockTree, type TreeNode } from './tree.js';
import type { Acceptance, ConsensusBlock, Effects, FinalityEngine, VoteCrypto } from './types.js';
import { VotePool } from './votes.js';

/** Votes this far below the newest final block are still looked at for faults. */
const VOTE_WINDOW_BELOW = 64;
/** Votes for targets this far above the head are ignored: the blocks come first. */
const VOTE_WINDOW_ABOVE = 128;
const MAX_WAITING = 256;
const MAX_SETS = 16;

/** Collects the effects of one input. */
interface Log {
  certificates: Certificate[];
  evidence: Evidence[];
}

/**
 * Casper FFG (Buterin and Griffith, 2017) with every block a checkpoint. Delegates vote only from justified sources, so
 * a quorum for `source -> target` justifies both, and finalises the source if the target is its direct child. The best
 * branch is the longest on top of the highest justified block.
 */
export class CasperFfg implements FinalityEngine {
  readonly #genesisRoot: Uint8Array;
  readonly #crypto: VoteCrypto;
  readonly #tree: BlockTree;
  readonly #votes = new VotePool();
  readonly #sets = new Map<string, DelegateSet>();
  /** The certificate that justified a block, by the block's root. */
  readonly #certificates = new Map<string, Certificate>();
  /** Valid certificates whose target is not there yet, by its root. */
  readonly #waiting = new Map<string, Certificate[]>();
  #waitingCount = 0;

  /** @param start a final block: the genesis block, or the newest final one known at the last stop */
  constructor(genesisRoot: Uint8Array, start: ConsensusBlock, members: DelegateSet, crypto: VoteCrypto) {
    this.#genesisRoot = genesisRoot;
    this.#crypto = crypto;
    this.#tree = new BlockTree(start);
    this.#learnSet(start.setRoot, members);
  }

  get head(): ConsensusBlock {
    return this.#tree.head.block;
  }
  get justified(): ConsensusBlock {
    return this.#tree.justified.block;
  }
  get finalized(): ConsensusBlock {
    return this.#tree.root.block;
  }

  addBlock(block: ConsensusBlock, members: DelegateSet): Effects {
    return this.#run((log) => {
      if (this.#tree.get(block.root) !== undefined) return { status: 'known' };
      if (block.height <= this.finalized.height || this.#tree.get(block.parentRoot) === undefined) {
        return { status: 'ignored', reason: 'not on top of the newest final block' };
      }
      this.#learnSet(block.setRoot, members);
      this.#tree.add(block);
      for (const certificate of this.#votes.certificatesTo(block.root, this.#crypto))
        this.#apply(certificate, log);
      this.#wake(block.root, log);
      return { status: 'new' };
    });
  }

  addVote(signed: SignedVote): Effects {
    return this.#run((log) => {
      const { vote } = signed;
      if (!bytesEqual(vote.genesisRoot, this.#genesisRoot)) return refused('vote of another genesis');
      if (vote.source.height >= vote.target.height) return refused('vote does not go forward');
      if (vote.target.height + VOTE_WINDOW_BELOW < this.finalized.height) return ignored('old vote');
      if (vote.target.height > this.head.height + VOTE_WINDOW_ABOVE) return ignored('vote far ahead');
      const members = this.#sets.get(toBareHex(vote.setRoot));
      if (members === undefined) return ignored('vote of an unknown set');
      const delegate = members[signed.index];
      if (delegate === undefined) return refused('no such delegate');
      if (this.#votes.has(signed, delegate.account)) return { status: 'known' };
      const message = signingRoot(VoteDataType, vote, 'vote', this.#genesisRoot);
      if (!this.#crypto.verify(delegate.blsKey, message, signed.signature))
        return refused('bad vote signature');
      log.evidence.push(...this.#votes.add(signed, members));
      const target = this.#tree.get(vote.target.root);
      if (target === undefined) {
        if (vote.target.height <= this.finalized.height) return { status: 'new' };
        return { status: 'waiting', root: vote.target.root, height: vote.target.height };
      }
      if (!target.justified || this.#finalizes(vote) !== undefined) {
        const certificate = this.#votes.certificate(vote, this.#crypto);
        if (certificate !== undefined) this.#apply(certificate, log);
      }
      return { status: 'new' };
    });
  }

  addCertificate(certificate: Certificate): Effects {
    return this.#run((log) => {
      const { vote, bits } = certificate;
      if (!bytesEqual(vote.genesisRoot, this.#genesisRoot)) return refused('certificate of another genesis');
      if (vote.source.height >= vote.target.height) return refused('certificate does not go forward');
      if (vote.target.height <= this.finalized.height) return ignored('old certificate');
      const known = this.#tree.get(vote.target.root);
      if (known?.justified === true && this.#finalizes(vote) === undefined) return { status: 'known' };
      const members = this.#sets.get(toBareHex(vote.setRoot));
      if (members === undefined) {
        return { status: 'waiting', root: vote.target.root, height: vote.target.height };
      }
      if (bits.bitLen !== members.length) return refused('certificate bits do not fit the set');
      const signers = members.filter((_, i) => bits.get(i));
      if (signers.length < quorum(members.length)) return refused('certificate without a quorum');
      const message = signingRoot(VoteDataType, vote, 'vote', this.#genesisRoot);
      const keys = signers.map((d) => d.blsKey);
      if (!this.#crypto.fastAggregateVerify(keys, message, certificate.signature)) {
        return refused('bad certificate signature');
      }
      return this.#apply(certificate, log);
    });
  }

  assumeJustified(source: BlockRef): Effects {
    return this.#run(() => {
      const node = this.#tree.get(source.root);
      if (node === undefined) return ignored('not in the open tree');
      if (node.justified) return { status: 'known' };
      this.#tree.justify(node);
      return { status: 'new' };
    });
  }

  nextVote(): VoteData | undefined {
    const { head, justified } = this.#tree;
    if (head === justified) return undefined;
    const { block } = head;
    return {
      genesisRoot: this.#genesisRoot,
      term: block.term,
      setRoot: block.setRoot,
      source: ref(justified.block),
      target: ref(block),
    };
  }

  bestCertificate(root: Uint8Array): Certificate | undefined {
    let best: Certificate | undefined;
    for (let node = this.#tree.get(root); node !== undefined; node = node.parent) {
      const certificate = this.#certificates.get(node.id);
      if (certificate === undefined) continue;
      // A finalising link is worth more than a newer one that only justifies.
      if (certificate.vote.source.height + 1 === certificate.vote.target.height) return certificate;
      best ??= certificate;
    }
    return best;
  }

  openCertificates(): Certificate[] {
    return [...this.#certificates.values()].sort((a, b) => a.vote.target.height - b.vote.target.height);
  }

  /** Runs one input and says what it changed. */
  #run(input: (log: Log) => Acceptance): Effects {
    const log: Log = { certificates: [], evidence: [] };
    const { head, justified, finalized } = this;
    const acceptance = input(log);
    return {
      acceptance,
      ...log,
      justified: this.justified.height === justified.height ? undefined : ref(this.justified),
      finalized: this.finalized.height === finalized.height ? undefined : ref(this.finalized),
      head: bytesEqual(this.head.root, head.root) ? undefined : this.head,
    };
  }

  /** A certificate whose signatures are good. */
  #apply(certificate: Certificate, log: Log): Acceptance {
    const { vote } = certificate;
    if (vote.target.height <= this.finalized.height) return ignored('old certificate');
    const target = this.#tree.get(vote.target.root);
    if (target === undefined) return this.#wait(vote.target, certificate);
    if (target.block.height !== vote.target.height) return refused('certificate names a wrong height');
    if (target.block.term !== vote.term || !bytesEqual(target.block.setRoot, vote.setRoot)) {
      return refused('certificate of another term than its target');
    }
    if (vote.source.height < this.finalized.height) return ignored('source below the newest final block');
    const source = this.#tree.get(vote.source.root);
    if (source === undefined || source.block.height !== vote.source.height) {
      return refused('source is not an ancestor of the target');
    }
    if (!this.#tree.isAncestor(source, target)) return refused('source is not an ancestor of the target');
    // Its quorum has an honest member, who voted only because the source was justified: the certificate that did it may
    // never reach us (a block carries one), and a verifier outside needs none either.
    if (!source.justified) this.#tree.justify(source);
    const finalizes = this.#finalizes(vote);
    if (target.justified && finalizes === undefined) return { status: 'known' };
    this.#certificates.set(target.id, certificate);
    log.certificates.push(certificate);
    this.#tree.justify(target);
    if (finalizes !== undefined) this.#finalize(finalizes);
    return { status: 'new' };
  }

  /** The block that the vote's link would finalise, if that is news. */
  #finalizes(vote: VoteData): TreeNode | undefined {
    if (vote.target.height !== vote.source.height + 1) return undefined;
    const source = this.#tree.get(vote.source.root);
    return source !== undefined && source.block.height > this.finalized.height ? source : undefined;
  }

  #finalize(node: TreeNode): void {
    if (!this.#tree.isAncestor(this.#tree.root, node)) {
      throw new ConflictingFinalityError(ref(this.finalized), ref(node.block));
    }
    for (const dropped of this.#tree.finalize(node)) this.#certificates.delete(dropped.id);
    this.#votes.prune(this.finalized.height - VOTE_WINDOW_BELOW);
    this.#dropWaiting();
  }

  #wait(missing: BlockRef, certificate: Certificate): Acceptance {
    const id = toBareHex(missing.root);
    const list = this.#waiting.get(id) ?? [];
    const same = list.some((c) => CertificateType.equals(c, certificate));
    if (!same && this.#waitingCount < MAX_WAITING) {
      this.#waiting.set(id, [...list, certificate]);
      this.#waitingCount++;
    }
    return { status: 'waiting', root: missing.root, height: missing.height };
  }

  #wake(root: Uint8Array, log: Log): void {
    const id = toBareHex(root);
    const list = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    this.#waitingCount -= list.length;
    for (const certificate of list) this.#apply(certificate, log);
  }

  #dropWaiting(): void {
    for (const [id, list] of this.#waiting) {
      const rest = list.filter((c) => c.vote.target.height > this.finalized.height);
      this.#waitingCount -= list.length - rest.length;
      if (rest.length === 0) this.#waiting.delete(id);
      else this.#waiting.set(id, rest);
    }
  }

  #learnSet(setRoot: Uint8Array, members: DelegateSet): void {
    const id = toBareHex(setRoot);
    if (this.#sets.has(id)) return;
    this.#sets.set(id, members);
    for (const oldest of this.#sets.keys()) {
      if (this.#sets.size <= MAX_SETS) break;
      this.#sets.delete(oldest);
    }
  }
}

function ref(block: BlockRef): BlockRef {
  return { height: block.height, root: block.root };
}

function refused(reason: string): Acceptance {
  return { status: 'refused', reason };
}

function ignored(reason: string): Acceptance {
  return { status: 'ignored', reason };
}
