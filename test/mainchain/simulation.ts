import { CasperFfg } from '../../mainchain/consensus/casper.js';
import { EMPTY_JOURNAL, type JournalState, whyNotVote } from '../../mainchain/consensus/journal.js';
import type { ConsensusBlock, Effects } from '../../mainchain/consensus/types.js';
import { bytesEqual, toBareHex, utf8, ZERO32 } from '../../proofs/bytes.js';
import {
  type BlockRef,
  type Certificate,
  type DelegateSet,
  DelegateSetType,
  type VoteData,
  VoteDataType,
} from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import type { Evidence, SignedVote } from '../../proofs/containers/evidence.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { fakeCrypto, fakeDelegates, fakeSign, GENESIS, random } from './fakes.js';

const TICKS = 10;

type Payload =
  | { readonly kind: 'block'; readonly block: ConsensusBlock }
  | { readonly kind: 'vote'; readonly vote: SignedVote }
  | { readonly kind: 'certificate'; readonly certificate: Certificate };

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  /** The last so many nodes equivocate. */
  readonly faulty: number;
  /** Slots with delay, loss, partitions and crashes; then as many quiet ones. */
  readonly roughSlots: number;
  readonly quietSlots: number;
  readonly loss: number;
  readonly maxDelayTicks: number;
}

/** What survives a crash: blocks, the journal, and most certificates. */
class SimulatedNode {
  engine: CasperFfg;
  up = true;
  journal: JournalState = EMPTY_JOURNAL;
  readonly blocks: ConsensusBlock[] = [];
  readonly orphans = new Map<string, ConsensusBlock>();
  lastVote: SignedVote | undefined;
  final: ConsensusBlock;

  constructor(
    readonly index: number,
    readonly start: ConsensusBlock,
    readonly members: DelegateSet,
  ) {
    this.final = start;
    this.engine = new CasperFfg(GENESIS, start, members, fakeCrypto);
  }

  crash(): void {
    this.up = false;
    this.orphans.clear();
    this.lastVote = undefined;
  }

  /** @param lost how many of the newest certificates the disk did not keep */
  restart(lost: number, floor: number): void {
    const certificates = this.engine.openCertificates();
    this.engine = new CasperFfg(GENESIS, this.final, this.members, fakeCrypto);
    for (const block of [...this.blocks].sort((a, b) => a.height - b.height))
      this.engine.addBlock(block, this.members);
    for (const certificate of certificates.slice(0, certificates.length - lost))
      this.engine.addCertificate(certificate);
    this.engine.assumeJustified(this.journal.source);
    this.journal = { ...this.journal, floor: Math.max(floor, this.journal.floor, this.engine.head.height) };
    this.up = true;
  }
}

/** A network of finality engines with everything that goes wrong in one, driven by a seed alone. */
export class Simulation {
  readonly nodes: SimulatedNode[];
  readonly members: DelegateSet;
  readonly setRoot: Uint8Array;
  readonly evidence: Evidence[] = [];
  /** Final blocks of honest nodes by height: two for one height are the end. */
  readonly finals = new Map<number, string>();
  readonly honestVotes: SignedVote[] = [];
  readonly #options: SimulationOptions;
  readonly #random: () => number;
  #queue = new Map<number, { to: number; from: number; payload: Payload }[]>();
  #tick = 0;
  #blocks = 0;
  #group: number[] = [];
  readonly #all = new Map<string, ConsensusBlock>();

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = random(options.seed);
    this.members = fakeDelegates(options.nodes);
    this.setRoot = DelegateSetType.hashTreeRoot(this.members);
    const genesis: ConsensusBlock = {
      root: GENESIS,
      height: 0,
      parentRoot: ZERO32,
      slot: 0,
      term: 0,
      setRoot: this.setRoot,
    };
    this.#all.set(toBareHex(GENESIS), genesis);
    this.nodes = this.members.map((_, i) => new SimulatedNode(i, genesis, this.members));
  }

  get honest(): SimulatedNode[] {
    return this.nodes.slice(0, this.#options.nodes - this.#options.faulty);
  }
  get #rough(): boolean {
    return this.#tick < this.#options.roughSlots * TICKS;
  }

  run(): void {
    const slots = this.#options.roughSlots + this.#options.quietSlots;
    for (let slot = 1; slot <= slots; slot++) {
      if (!this.#rough) for (const node of this.nodes) if (!node.up) this.#restart(node);
      if (this.#rough) this.#trouble();
      else this.#group = [];
      this.#produce(slot);
      for (let i = 0; i < TICKS; i++) this.#deliver();
      for (const node of this.nodes) this.#sync(node);
    }
  }

  #trouble(): void {
    if (this.#random() < 0.1) this.#group = this.nodes.map(() => Math.floor(this.#random() * 2));
    if (this.#random() < 0.1) this.#group = [];
    for (const node of this.honest) {
      if (node.up && this.#random() < 0.03) node.crash();
      else if (!node.up && this.#random() < 0.2) this.#restart(node);
    }
  }

  #restart(node: SimulatedNode): void {
    const floor = Math.max(...this.nodes.map((n) => n.engine.head.height));
    node.restart(Math.floor(this.#random() * 3), floor);
  }

  #newBlock(parent: ConsensusBlock, slot: number): ConsensusBlock {
    const root = sha256(utf8(`block ${this.#options.seed} ${++this.#blocks}`));
    const block = {
      root,
      parentRoot: parent.root,
      height: parent.height + 1,
      slot,
      term: 0,
      setRoot: this.setRoot,
    };
    this.#all.set(toBareHex(root), block);
    return block;
  }

  #produce(slot: number): void {
    const index = slot % this.#options.nodes;
    const node = this.nodes[index]!;
    if (!node.up) return;
    const { head } = node.engine;
    const certificate = node.engine.bestCertificate(head.root);
    const block = this.#newBlock(head, slot);
    if (this.#isFaulty(index)) {
      const parent = this.#random() < 0.5 ? head : (this.#all.get(toBareHex(head.parentRoot)) ?? head);
      const other = this.#newBlock(parent.height >= node.engine.finalized.height ? parent : head, slot);
      for (const to of this.nodes) {
        this.#send(index, to.index, { kind: 'block', block: this.#random() < 0.5 ? block : other });
      }
    } else {
      this.#broadcast(index, { kind: 'block', block });
    }
    if (certificate !== undefined) this.#broadcast(index, { kind: 'certificate', certificate });
    this.#receive(node, { kind: 'block', block });
  }

  #isFaulty(index: number): boolean {
    return index >= this.#options.nodes - this.#options.faulty;
  }

  #broadcast(from: number, payload: Payload): void {
    for (const to of this.nodes) if (to.index !== from) this.#send(from, to.index, payload);
  }

  #connected(a: number, b: number): boolean {
    return this.#group.length === 0 || this.#group[a] === this.#group[b];
  }

  #send(from: number, to: number, payload: Payload): void {
    if (this.#rough && (this.#random() < this.#options.loss || !this.#connected(from, to))) return;
    const delay = 1 + Math.floor(this.#random() * (this.#rough ? this.#options.maxDelayTicks : 2));
    const at = this.#tick + delay;
    this.#queue.set(at, [...(this.#queue.get(at) ?? []), { from, to, payload }]);
  }

  #deliver(): void {
    this.#tick++;
    const due = this.#queue.get(this.#tick) ?? [];
    this.#queue.delete(this.#tick);
    for (const { to, payload } of due) {
      const node = this.nodes[to]!;
      if (node.up) this.#receive(node, payload);
    }
  }

  #receive(node: SimulatedNode, payload: Payload): void {
    if (payload.kind === 'vote') {
      const effects = node.engine.addVote(payload.vote);
      this.#take(node, effects);
      // As nodes do: what completes a quorum for one may be the vote that others never got.
      if (!this.#isFaulty(node.index)) {
        for (const certificate of effects.certificates)
          this.#broadcast(node.index, { kind: 'certificate', certificate });
      }
    } else if (payload.kind === 'certificate')
      this.#take(node, node.engine.addCertificate(payload.certificate));
    if (payload.kind === 'block') this.#block(node, payload.block);
    this.#vote(node);
  }

  #block(node: SimulatedNode, block: ConsensusBlock): void {
    const effects = node.engine.addBlock(block, this.members);
    if (effects.acceptance.status === 'ignored') {
      if (block.height > node.engine.finalized.height) node.orphans.set(toBareHex(block.root), block);
      return;
    }
    if (effects.acceptance.status !== 'new') return;
    node.blocks.push(block);
    this.#take(node, effects);
    for (const [id, orphan] of node.orphans) {
      if (!bytesEqual(orphan.parentRoot, block.root)) continue;
      node.orphans.delete(id);
      this.#block(node, orphan);
    }
  }

  #take(node: SimulatedNode, effects: Effects): void {
    this.evidence.push(...effects.evidence);
    if (effects.finalized === undefined || this.#isFaulty(node.index)) return;
    node.final = node.engine.finalized;
    for (
      let at: ConsensusBlock | undefined = node.final;
      at !== undefined;
      at = this.#all.get(toBareHex(at.parentRoot))
    ) {
      const known = this.finals.get(at.height);
      const id = toBareHex(at.root);
      if (known === id) break;
      if (known !== undefined)
        throw new Error(`seed ${this.#options.seed}: two final blocks at height ${at.height}`);
      this.finals.set(at.height, id);
    }
  }

  #vote(node: SimulatedNode): void {
    const vote = node.engine.nextVote();
    if (vote === undefined) return;
    if (this.#isFaulty(node.index)) {
      this.#equivocate(node, vote);
      return;
    }
    if (whyNotVote(node.journal, vote) !== undefined) return;
    node.journal = { ...node.journal, source: vote.source, target: vote.target };
    const signed = this.#sign(node.index, vote);
    this.honestVotes.push(signed);
    node.lastVote = signed;
    this.#broadcast(node.index, { kind: 'vote', vote: signed });
    this.#take(node, node.engine.addVote(signed));
    this.#vote(node);
  }

  /** Votes for whatever there is, with whatever source, differently to everybody. */
  #equivocate(node: SimulatedNode, vote: VoteData): void {
    if (this.#random() < 0.5) return;
    for (const to of this.nodes) {
      if (to.index === node.index) continue;
      const blocks =
        to.engine.head.height > vote.source.height
          ? [to.engine.head, to.engine.justified]
          : [node.engine.head];
      const target = blocks[Math.floor(this.#random() * blocks.length)]!;
      const source: BlockRef = this.#random() < 0.5 ? to.engine.finalized : to.engine.justified;
      if (source.height >= target.height) continue;
      const data: VoteData = {
        ...vote,
        source: { height: source.height, root: source.root },
        target: { height: target.height, root: target.root },
      };
      this.#send(node.index, to.index, { kind: 'vote', vote: this.#sign(node.index, data) });
    }
  }

  #sign(index: number, vote: VoteData): SignedVote {
    const key = this.members[index]!.blsKey;
    return { vote, index, signature: fakeSign(key, signingRoot(VoteDataType, vote, 'vote', GENESIS)) };
  }

  /** As the status exchange: a node asks one that it reaches for blocks, certificates and its newest vote. */
  #sync(node: SimulatedNode): void {
    const peer = this.nodes[Math.floor(this.#random() * this.nodes.length)]!;
    if (peer === node || !peer.up || !node.up || !this.#connected(node.index, peer.index)) return;
    for (const block of peer.blocks) {
      if (block.height > node.engine.finalized.height) this.#block(node, block);
    }
    for (const certificate of peer.engine.openCertificates())
      this.#take(node, node.engine.addCertificate(certificate));
    if (peer.lastVote !== undefined) this.#take(node, node.engine.addVote(peer.lastVote));
    this.#vote(node);
  }

  /** Lowest and highest final height of the honest nodes. */
  progress(): readonly [number, number] {
    const heights = this.honest.map((n) => n.engine.finalized.height);
    return [Math.min(...heights), Math.max(...heights)];
  }
}
