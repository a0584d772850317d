import { randomBytes } from 'node:crypto';
import type { ChainKind } from '../../adapters/types.js';
import { quorum } from '../../proofs/containers/consensus.js';
import type { Evidence } from '../../proofs/containers/evidence.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import type { SignedTransaction } from '../../proofs/containers/transaction.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { Chain } from '../chain/chain.js';
import { roundRobin, type Schedule } from '../chain/schedule.js';
import { VoteJournal } from '../consensus/journal.js';
import type { VoteCrypto } from '../consensus/types.js';
import { blstBls } from '../crypto/blst.js';
import { aggregateSignatures } from '../crypto/signer.js';
import { PROTOCOL_VERSION } from '../network/messages.js';
import { type Address, PeerNetwork } from '../network/network.js';
import type { PeerLimits } from '../network/peer.js';
import { transactionRoot } from '../transactions.js';
import { AttestationDesk } from './attestation.js';
import type { Attestor } from './attestor.js';
import { Core, type CoreListener } from './core.js';
import { Gossip } from './gossip.js';
import type { DelegateKeys } from './keys.js';
import { VoteLock } from './lock.js';
import { type Logger, silentLogger } from './logger.js';
import { type NodeMetrics, noMetrics } from './metrics.js';
import { type PoolVerdict, TransactionPool } from './pool.js';
import { Producer } from './producer.js';
import { ConsensusRecords } from './records.js';
import { KeyRotation } from './rotation.js';
import { Syncer } from './sync.js';
import { type Clock, SlotTicker, systemClock } from './ticker.js';
import { Voter } from './voter.js';

export interface NodeOptions {
  /** Stays the caller's: `stop` does not close it. */
  readonly store: KeyValueStore;
  readonly genesis: Genesis;
  /** Kinds of foreign chain: `adapters/registry.ts`. */
  readonly kinds: readonly ChainKind[];
  /** Without keys the node follows and serves, but neither produces nor votes. */
  readonly keys?: DelegateKeys;
  /** Default: `roundRobin`. */
  readonly schedule?: Schedule;
  readonly attestor?: Attestor;
  readonly listen: Address;
  readonly peers: readonly Address[];
  readonly maxPeers?: number;
  readonly limits?: PeerLimits;
  readonly logger?: Logger;
  readonly metrics?: NodeMetrics;
  readonly clock?: Clock;
  /** Called when main blocks up to `height` became final: a place for pruning. */
  readonly onFinalized?: (height: number) => void;
  readonly onEvidence?: (evidence: Evidence) => void;
  /** A fault that the node cannot work on after, such as a full disk: stop it. Default: logged. */
  readonly onFatal?: (error: unknown) => void;
}

/** Slots between statuses to all peers. */
const STATUS_SLOTS = 4;
/** Slots that a starting node waits for a quorum of peers before it produces alone. */
const PATIENCE_SLOTS = 10;
/** Blocks of an abandoned branch whose transactions go back to the pool. */
const REORG_BLOCKS = 64;

const crypto: VoteCrypto = {
  verify: (key, message, signature) => blstBls.verify(key, message, signature),
  fastAggregateVerify: (keys, message, signature) => blstBls.fastAggregateVerify(keys, message, signature),
  aggregate: aggregateSignatures,
};

/** A main-chain node: follows, serves, and with keys produces and votes. Everything resumes from its store. */
export class MainChainNode {
  readonly core: Core;
  readonly pool: TransactionPool;
  readonly desk: AttestationDesk;
  readonly keys: DelegateKeys | undefined;
  readonly journal: VoteJournal;
  readonly lock: VoteLock | undefined;
  readonly #options: NodeOptions;
  readonly #logger: Logger;
  readonly #metrics: NodeMetrics;
  readonly gossip: Gossip;
  readonly #syncer: Syncer;
  readonly #voter: Voter | undefined;
  readonly #producer: Producer | undefined;
  readonly #rotation: KeyRotation | undefined;
  readonly #ticker: SlotTicker;
  #network: PeerNetwork | undefined;
  #firstSlot: number | undefined;
  #stopped = false;
  /** Work that heads and finality set off; `stop` waits for it. */
  readonly #tasks = new Set<Promise<void>>();

  private constructor(options: NodeOptions, core: Core) {
    this.#options = options;
    this.core = core;
    this.keys = options.keys;
    this.#logger = options.logger ?? silentLogger;
    this.#metrics = options.metrics ?? noMetrics;
    const { chain } = core;
    const { keys } = options;
    const logger = this.#logger;
    const metrics = this.#metrics;
    this.pool = new TransactionPool(chain);
    this.desk = new AttestationDesk(core, keys, options.attestor, options.store);
    this.journal = VoteJournal.open(options.store);
    this.#syncer = new Syncer(core, logger);
    this.lock = keys && new VoteLock(core, this.journal, keys.account.account, logger, metrics);
    this.#voter =
      keys &&
      this.lock &&
      new Voter(core, keys, this.journal, this.lock, (v) => this.gossip.sendVote(v), logger, metrics);
    const schedule = options.schedule ?? roundRobin;
    this.#producer =
      keys &&
      new Producer(
        core,
        keys,
        this.journal,
        this.pool,
        schedule,
        (b) => this.gossip.sendBlock(b),
        logger,
        metrics,
      );
    this.#rotation =
      keys && new KeyRotation(core, keys, this.pool, options.store, (t) => void this.submit(t), logger);
    this.gossip = new Gossip({
      core,
      syncer: this.#syncer,
      pool: this.pool,
      logger,
      keys,
      voter: this.#voter,
      lock: this.lock,
      fail: (error) => this.#fail(error),
    });
    this.#ticker = new SlotTicker(
      { now: core.now },
      (now) => chain.slotAt(now),
      (slot) => chain.slotTime(slot),
      (slot) => this.#guard(this.#slot(slot)),
    );
    core.listen(this.#listener());
  }

  /** @throws GenesisError, ChainStoreError, ListenError */
  static async start(options: NodeOptions): Promise<MainChainNode> {
    useFastHasher();
    const chain = await Chain.open(options.store, options.genesis, {
      bls: blstBls,
      kinds: options.kinds,
      ...(options.schedule === undefined ? {} : { schedule: options.schedule }),
    });
    const clock = options.clock ?? systemClock;
    const core = await Core.open({
      chain,
      crypto,
      records: new ConsensusRecords(options.store),
      logger: options.logger ?? silentLogger,
      metrics: options.metrics ?? noMetrics,
      now: () => clock.now(),
      votedFrom: VoteJournal.open(options.store).state.source,
    });
    const node = new MainChainNode(options, core);
    const nodeId = Uint8Array.from(randomBytes(32));
    node.#network = await PeerNetwork.start({
      listen: options.listen,
      peers: options.peers,
      ...(options.maxPeers === undefined ? {} : { maxPeers: options.maxPeers }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      logger: node.#logger,
      hello: () => ({
        version: PROTOCOL_VERSION,
        genesisRoot: chain.genesisRoot,
        head: ref(core.engine.head),
        finalized: ref(core.engine.finalized),
        nodeId,
      }),
      onPeer: (peer) => {
        node.gossip.greet(peer);
        node.#countPeers();
      },
      onGone: () => node.#countPeers(),
      onMessage: (peer, message) => node.gossip.receive(peer, message),
    });
    node.gossip.attach(node.#network);
    node.#ticker.start();
    return node;
  }

  /** Kinds of foreign chain whose rules it knows. */
  get kinds(): readonly ChainKind[] {
    return this.#options.kinds;
  }
  /** Where peers reach it. */
  get address(): Address {
    return this.#network?.address ?? this.#options.listen;
  }
  get peerCount(): number {
    return this.#network?.peers.length ?? 0;
  }

  /** Takes a transaction into the pool and passes it on. */
  submit(transaction: SignedTransaction): PoolVerdict {
    const verdict = this.pool.offer(transaction, this.core.chain.head.root);
    if (verdict.status === 'added') {
      this.#metrics.count('transactions');
      this.#metrics.gauge('pool', this.pool.size);
      this.gossip.sendTransaction(transaction);
    }
    return verdict;
  }

  /** Stops everything and waits for what is running; the store may be closed after. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#ticker.stop();
    this.#syncer.stop();
    await this.#network?.stop();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    await this.core.idle();
    await this.core.chain.close();
  }

  async #slot(slot: number): Promise<void> {
    this.#firstSlot ??= slot;
    await this.lock?.check();
    await this.#voter?.poke();
    if (slot % STATUS_SLOTS === 0) this.gossip.sendStatus();
    if (this.#producer === undefined || this.#syncer.active) return;
    // Alone after a start, a node would only build a branch that the others drop.
    const { members } = this.core.chain.termAt(this.core.chain.head.root);
    const alone = this.peerCount + 1 < quorum(members.length);
    if (alone && slot < this.#firstSlot + PATIENCE_SLOTS) return;
    await this.#producer.produce(slot);
  }

  #listener(): CoreListener {
    return {
      head: (head, old, reorganised) => {
        if (reorganised) this.#returnTransactions(old.root, head.root);
        this.pool.clean(head.root);
        this.#metrics.gauge('pool', this.pool.size);
        this.#start(async () => {
          await this.lock?.check();
          await this.#voter?.poke();
          await this.#rotation?.onHead();
        });
      },
      finalized: (height) => {
        this.#options.onFinalized?.(height);
        this.#start(async () => this.#rotation?.onFinalized());
      },
      certificate: (certificate) => this.gossip.sendCertificate(certificate),
      evidence: (evidence) => this.#options.onEvidence?.(evidence),
    };
  }

  /** Transactions of blocks that are no longer on the best branch get another chance. */
  #returnTransactions(from: Uint8Array, headRoot: Uint8Array): void {
    const { chain } = this.core;
    let root = from;
    for (let i = 0; i < REORG_BLOCKS && !chain.isAncestor(root, headRoot); i++) {
      const block = chain.block(root);
      if (block === undefined) return;
      for (const transaction of block.block.transactions) {
        if (chain.transaction(transactionRoot(transaction.transaction), headRoot) === undefined) {
          this.pool.offer(transaction, headRoot);
        }
      }
      root = block.block.header.parentRoot;
    }
  }

  #countPeers(): void {
    this.#metrics.gauge('peers', this.peerCount);
  }

  #start(task: () => Promise<void>): void {
    if (this.#stopped) return;
    const run = this.#guard(task()).finally(() => this.#tasks.delete(run));
    this.#tasks.add(run);
  }

  async #guard(task: Promise<void>): Promise<void> {
    try {
      await task;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.#logger.error({ error: error instanceof Error ? error.message : String(error) }, 'the node failed');
    this.#options.onFatal?.(error);
  }
}

function ref(block: { readonly height: number; readonly root: Uint8Array }) {
  return { height: block.height, root: block.root };
}
