import { bytesEqual, toHex } from '../../proofs/bytes.js';
import type { BlockRef, Certificate, Delegate } from '../../proofs/containers/consensus.js';
import { type Evidence, EvidenceKind, type SignedVote } from '../../proofs/containers/evidence.js';
import type { SignedBlock } from '../../proofs/containers/transaction.js';
import type { ChainApi } from '../chain/chain.js';
import { ChainStoreError } from '../chain/errors.js';
import type { BlockEntry } from '../chain/types.js';
import { CasperFfg } from '../consensus/casper.js';
import type { Acceptance, ConsensusBlock, Effects, FinalityEngine, VoteCrypto } from '../consensus/types.js';
import { DoubleBlockWatch } from './doubleBlocks.js';
import type { Logger } from './logger.js';
import type { NodeMetrics } from './metrics.js';
import type { ConsensusRecords } from './records.js';

/** Called after something settled: durable as far as it must be. */
export interface CoreListener {
  /** The head moved. `reorganised`: the old head is not below the new one. */
  head?(head: BlockEntry, old: BlockEntry, reorganised: boolean): void;
  finalized?(height: number): void;
  /** Votes made a quorum here: others may lack one of them. */
  certificate?(certificate: Certificate): void;
  evidence?(evidence: Evidence): void;
}

export interface CoreOptions {
  readonly chain: ChainApi;
  readonly crypto: VoteCrypto;
  readonly records: ConsensusRecords;
  readonly logger: Logger;
  readonly metrics: NodeMetrics;
  readonly now: () => number;
  /** Source of this delegate's last vote. */
  readonly votedFrom?: BlockRef;
}

/** Chain and finality engine together: every input goes through here, one at a time. */
export class Core {
  readonly chain: ChainApi;
  readonly engine: FinalityEngine;
  readonly records: ConsensusRecords;
  readonly now: () => number;
  readonly #logger: Logger;
  readonly #metrics: NodeMetrics;
  readonly #listeners: CoreListener[] = [];
  readonly #doubleBlocks = new DoubleBlockWatch();
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: CoreOptions, engine: FinalityEngine) {
    this.chain = options.chain;
    this.records = options.records;
    this.now = options.now;
    this.engine = engine;
    this.#logger = options.logger;
    this.#metrics = options.metrics;
  }

  /** Rebuilds the engine from what is on disk. @throws ChainStoreError if the newest final block is missing */
  static async open(options: CoreOptions): Promise<Core> {
    const { chain, records } = options;
    const start = records.finalized()?.root ?? chain.genesisBlockRoot;
    if (!chain.has(start))
      throw new ChainStoreError(`the newest final block ${toHex(start)} is not in the store`);
    const engine = new CasperFfg(
      chain.genesisRoot,
      consensusBlock(chain, start),
      chain.setsAt(start).current,
      options.crypto,
    );
    const core = new Core(options, engine);
    let row = await chain.children(start);
    while (row.length > 0) {
      const next: Uint8Array[] = [];
      for (const root of row) {
        engine.addBlock(consensusBlock(chain, root), chain.setsAt(root).current);
        next.push(...(await chain.children(root)));
      }
      row = next;
    }
    for (const certificate of await records.open()) engine.addCertificate(certificate);
    // Blocks are synced, certificates beside them are not: what a power cut took comes back from the bodies.
    for (let { root } = engine.head; !bytesEqual(root, engine.finalized.root); ) {
      const block = chain.block(root);
      if (block === undefined) break;
      for (const certificate of block.block.certificates) engine.addCertificate(certificate);
      root = block.block.header.parentRoot;
    }
    if (options.votedFrom !== undefined) engine.assumeJustified(options.votedFrom);
    await core.#moveHead();
    core.#report();
    return core;
  }

  listen(listener: CoreListener): void {
    this.#listeners.push(listener);
  }

  /** Imports a block and what it carries. @returns whether it was new. @throws as `ChainApi.import` */
  importBlock(block: SignedBlock): Promise<boolean> {
    return this.#exclusive(async () => {
      const { root, header, status } = await this.chain.import(block, this.now());
      if (status === 'known') return false;
      this.#metrics.count('blocks_imported');
      const evidence = this.#doubleBlocks.add({ header, signature: block.signature }, root);
      if (evidence !== undefined) await this.#settle({ ...none, evidence: [evidence] });
      await this.#settle(
        this.engine.addBlock(consensusBlock(this.chain, root), this.chain.setsAt(root).current),
      );
      for (const certificate of block.block.certificates)
        await this.#settle(this.engine.addCertificate(certificate));
      return true;
    });
  }

  /** A delegate of one of the sets around the head, by set root and index. */
  memberOf(setRoot: Uint8Array, index: number): Delegate | undefined {
    const { root, header } = this.chain.head;
    const sets = this.chain.setsAt(root);
    if (bytesEqual(header.setRoot, setRoot)) return sets.current[index];
    return bytesEqual(header.nextSetRoot, setRoot) ? sets.next[index] : undefined;
  }

  addVote(vote: SignedVote): Promise<Acceptance> {
    return this.#exclusive(async () => {
      const effects = this.engine.addVote(vote);
      if (effects.acceptance.status === 'new') this.#metrics.count('votes_received');
      const acceptance = await this.#settle(effects);
      for (const certificate of effects.certificates) {
        for (const listener of this.#listeners) listener.certificate?.(certificate);
      }
      return acceptance;
    });
  }

  addCertificate(certificate: Certificate): Promise<Acceptance> {
    return this.#exclusive(async () => this.#settle(this.engine.addCertificate(certificate)));
  }

  /** Waits for what is running. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  /** Runs `task` when nothing else changes the chain. */
  #exclusive<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(task);
    this.#queue = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  }

  async #settle(effects: Effects): Promise<Acceptance> {
    const { certificates, evidence, finalized } = effects;
    await this.records.write(certificates, evidence, finalized);
    for (const _ of certificates) this.#metrics.count('certificates');
    if (effects.head !== undefined) await this.#moveHead();
    if (effects.justified !== undefined || finalized !== undefined) this.#report();
    for (const one of evidence) {
      this.#metrics.count('evidence');
      this.#logger.warn({ kind: kindName(one) }, 'a delegate signed two messages that exclude each other');
      for (const listener of this.#listeners) listener.evidence?.(one);
    }
    if (finalized !== undefined)
      for (const listener of this.#listeners) listener.finalized?.(finalized.height);
    return effects.acceptance;
  }

  async #moveHead(): Promise<void> {
    const old = this.chain.head;
    const { root } = this.engine.head;
    if (bytesEqual(old.root, root)) return;
    await this.chain.setHead(root);
    const { head } = this.chain;
    const reorganised = !this.chain.isAncestor(old.root, root);
    if (reorganised) {
      this.#metrics.count('reorgs');
      this.#logger.info({ from: old.header.height, to: head.header.height }, 'changed to a better branch');
    }
    this.#report();
    for (const listener of this.#listeners) listener.head?.(head, old, reorganised);
  }

  #report(): void {
    const { head, justified, finalized } = this.engine;
    this.#metrics.gauge('head_height', head.height);
    this.#metrics.gauge('justified_height', justified.height);
    this.#metrics.gauge('finalized_height', finalized.height);
    this.#metrics.gauge('term', head.term);
  }
}

const none: Effects = {
  acceptance: { status: 'new' },
  certificates: [],
  evidence: [],
  justified: undefined,
  finalized: undefined,
  head: undefined,
};

function consensusBlock(chain: ChainApi, root: Uint8Array): ConsensusBlock {
  const header = chain.header(root);
  if (header === undefined)
    throw new ChainStoreError(`block ${toHex(root)} is in the tree without its header`);
  const { height, slot, term, setRoot, parentRoot } = header;
  return { root, height, slot, term, setRoot, parentRoot };
}

function kindName(evidence: Evidence): string {
  for (const [name, code] of Object.entries(EvidenceKind)) if (code === evidence.kind) return name;
  return 'unknown';
}
