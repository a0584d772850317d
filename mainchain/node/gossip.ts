import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { type Certificate, DelegateSetType } from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import type { SignedVote } from '../../proofs/containers/evidence.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import {
  type SignedBlock,
  SignedBlockType,
  type SignedTransaction,
} from '../../proofs/containers/transaction.js';
import { Pace, SeenCache } from '../network/limits.js';
import { type Introduction, IntroductionType, type Message } from '../network/messages.js';
import type { PeerNetwork } from '../network/network.js';
import type { Peer } from '../network/peer.js';
import { transactionRoot } from '../transactions.js';
import type { Core } from './core.js';
import type { DelegateKeys } from './keys.js';
import type { VoteLock } from './lock.js';
import type { Logger } from './logger.js';
import type { TransactionPool } from './pool.js';
import { answerBlocks, type Syncer } from './sync.js';
import { indexIn, type Voter } from './voter.js';

/** Bytes of blocks in one answer. */
const MAX_ANSWER_BYTES = 4 * 2 ** 20;
/** Bytes of blocks a second, and at once, for one peer; what a request costs besides; requests that may wait. */
const ANSWER_RATE = 16 * 2 ** 20;
const ANSWER_BURST = 32 * 2 ** 20;
const REQUEST_BYTES = 32 * 2 ** 10;
const MAX_WAITING = 32;

export interface GossipParts {
  readonly core: Core;
  readonly syncer: Syncer;
  readonly pool: TransactionPool;
  readonly logger: Logger;
  readonly keys?: DelegateKeys | undefined;
  readonly voter?: Voter | undefined;
  readonly lock?: VoteLock | undefined;
  /** Something went wrong that is no peer's fault. */
  readonly fail: (error: unknown) => void;
}

/** What to do with each message, and what to pass on. */
export class Gossip {
  readonly #parts: GossipParts;
  readonly #seenBlocks = new SeenCache(2048);
  readonly #paces = new WeakMap<Peer, Pace>();
  #network: PeerNetwork | undefined;

  constructor(parts: GossipParts) {
    this.#parts = parts;
  }

  attach(network: PeerNetwork): void {
    this.#network = network;
  }

  sendBlock(block: SignedBlock): void {
    this.#seenBlocks.add(toBareHex(MainHeaderType.hashTreeRoot(block.block.header)));
    this.#network?.broadcast('block', block);
  }
  sendVote(vote: SignedVote): void {
    this.#network?.broadcast('vote', vote);
  }
  sendCertificate(certificate: Certificate): void {
    this.#network?.broadcast('certificate', certificate);
  }
  sendTransaction(transaction: SignedTransaction): void {
    this.#network?.broadcast('transaction', transaction);
  }

  /** Tells all how far we are, with what a peer that missed something needs. */
  sendStatus(): void {
    const { core, voter } = this.#parts;
    const { head, finalized } = core.engine;
    this.#network?.broadcast('status', { head: refOf(head), finalized: refOf(finalized) });
    if (voter?.last !== undefined) this.#network?.broadcast('vote', voter.last);
  }

  /** A new peer: says who we are, and what may have been missed. */
  greet(peer: Peer): void {
    const { hello } = peer;
    if (hello === undefined) return;
    this.#introduce(peer, hello.nodeId);
    for (const certificate of this.#parts.core.engine.openCertificates().slice(-16))
      peer.send('certificate', certificate);
    const last = this.#parts.voter?.last;
    if (last !== undefined) peer.send('vote', last);
    this.#run(this.#parts.syncer.missing(hello.head, peer));
  }

  receive(peer: Peer, message: Message): void {
    this.#run(this.#receive(peer, message));
  }

  async #receive(peer: Peer, message: Message): Promise<void> {
    const { core, syncer, lock } = this.#parts;
    switch (message.name) {
      case 'block': {
        const id = toBareHex(MainHeaderType.hashTreeRoot(message.body.block.header));
        // Only what turned out valid counts as seen: a header says nothing of the body and the signature beside it.
        if (this.#seenBlocks.has(id)) return;
        if (!(await syncer.block(message.body, peer))) return;
        this.#seenBlocks.add(id);
        this.#network?.broadcast('block', message.body, peer);
        return;
      }
      case 'vote':
        return this.#vote(peer, message.body);
      case 'certificate': {
        const acceptance = await core.addCertificate(message.body);
        if (acceptance.status === 'refused') peer.disconnect(acceptance.reason);
        else if (acceptance.status === 'waiting') await syncer.missing(acceptance, peer);
        else if (acceptance.status === 'new') this.#network?.broadcast('certificate', message.body, peer);
        return;
      }
      case 'transaction':
        return this.#transaction(peer, message.body);
      case 'status': {
        const { head, finalized } = message.body;
        await syncer.missing(head, peer);
        if (finalized.height < core.engine.finalized.height) {
          const certificate = core.engine.bestCertificate(core.engine.head.root);
          if (certificate !== undefined) peer.send('certificate', certificate);
        }
        return;
      }
      case 'identity': {
        if (peer.hello === undefined) return;
        const { nodeId, head } = peer.hello;
        await lock?.claim(message.body, { from: nodeId, to: peer.ownHello.nodeId, head });
        return;
      }
      case 'getBlocks': {
        const pace = this.#pace(peer);
        if (pace.waiting >= MAX_WAITING) return peer.disconnect('asks for more blocks than it waits for');
        await pace.turn();
        if (peer.closed) return;
        let bytes = REQUEST_BYTES;
        const size = (block: SignedBlock) => {
          const { length } = SignedBlockType.serialize(block);
          bytes += length;
          return length;
        };
        const blocks = answerBlocks(core, message.body, MAX_ANSWER_BYTES, size);
        pace.spend(bytes);
        peer.send('blocks', { id: message.body.id, blocks });
        return;
      }
      default:
        peer.disconnect(`unexpected message ${message.name}`);
    }
  }

  async #vote(peer: Peer, vote: SignedVote): Promise<void> {
    const { core, syncer, lock, keys } = this.#parts;
    const acceptance = await core.addVote(vote);
    if (acceptance.status === 'refused') {
      peer.disconnect(acceptance.reason);
      return;
    }
    if (acceptance.status !== 'new' && acceptance.status !== 'waiting') return;
    this.#network?.broadcast('vote', vote, peer);
    // The engine accepted it, so the signature is good: is it our own?
    if (keys !== undefined && lock !== undefined) {
      const member = core.memberOf(vote.vote.setRoot, vote.index);
      if (member !== undefined && bytesEqual(member.account, keys.account.account)) {
        await lock.sawOwnVote(vote.vote.target);
      }
    }
    if (acceptance.status === 'waiting') await syncer.missing(acceptance, peer);
  }

  #transaction(peer: Peer, transaction: SignedTransaction): void {
    const { pool, core } = this.#parts;
    if (pool.has(transactionRoot(transaction.transaction))) return;
    const verdict = pool.offer(transaction, core.chain.head.root);
    if (verdict.status === 'added') this.#network?.broadcast('transaction', transaction, peer);
    else if (verdict.status === 'refused' && verdict.fault)
      peer.disconnect(`sent a bad transaction: ${verdict.reason}`);
  }

  /** What a peer has been given lately. */
  #pace(peer: Peer): Pace {
    const known = this.#paces.get(peer) ?? new Pace(ANSWER_RATE, ANSWER_BURST);
    this.#paces.set(peer, known);
    return known;
  }

  #introduce(peer: Peer, to: Uint8Array): void {
    const { keys, core } = this.#parts;
    if (keys === undefined) return;
    const { members } = core.chain.termAt(core.chain.head.root);
    const index = indexIn(members, keys.account.account);
    const member = index === undefined ? undefined : members[index];
    const signer = member === undefined ? undefined : keys.bls(member.blsKey);
    if (signer === undefined) return;
    const introduction: Introduction = { from: peer.ownHello.nodeId, to, head: peer.ownHello.head };
    const message = signingRoot(IntroductionType, introduction, 'peer', core.chain.genesisRoot);
    peer.send('identity', {
      account: keys.account.account,
      setRoot: DelegateSetType.hashTreeRoot(members),
      signature: signer.sign(message),
    });
  }

  #run(task: Promise<void>): void {
    task.catch((error: unknown) => this.#parts.fail(error));
  }
}

function refOf(block: { readonly height: number; readonly root: Uint8Array }) {
  return { height: block.height, root: block.root };
}
