import { bytesEqual, toHex } from '../../proofs/bytes.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { NodeCallError } from '../errors.js';
import { BeaconChain, type ChainEvent } from './chain.js';
import { payloadHeader } from './containers/payload.js';
import type { ExecutionEngine } from './engine.js';
import { BeaconDataError, FinalizedLostError } from './errors.js';
import { type Faults, HONEST } from './faults.js';
import { BeaconStore } from './store.js';

/** Milliseconds of a slot. */
export const SLOT_MILLISECONDS = 500;
/** Slot that a new chain reaches at once: there, the first finalised block after the genesis can be shown. */
export const FIRST_SLOTS = 33;
/** Times that a slot is tried while the execution chain changes under it. */
const MAX_TRIES = 5;
/** Milliseconds between tries while the beacon chain cannot go on. */
const RETRY_MS = 1000;

export interface BeaconNodeOptions {
  readonly store: KeyValueStore;
  readonly engine: ExecutionEngine;
  /** Default 500; 0 makes no block by itself. */
  readonly slotMilliseconds?: number;
  /** Slot that a new chain reaches before `open` returns; default 33. */
  readonly firstSlots?: number;
  readonly faults?: Partial<Faults>;
  readonly onEvent?: (event: ChainEvent) => void;
  /** Told when the chain cannot go on, and why; and with `undefined` when it goes on again. */
  readonly onProblem?: (problem: string | undefined) => void;
  /** Told of what cannot be got over. */
  readonly onFatal?: (error: unknown) => void;
  /** Unix seconds. */
  readonly now?: () => number;
}

/** The beacon chain with the execution chain that it drives: a block of both in each slot. */
export class BeaconNode {
  readonly chain: BeaconChain;
  /** What it does wrong from now on; `skip` and `equivocate` hold for one block. */
  faults: Faults;
  readonly #engine: ExecutionEngine;
  readonly #options: BeaconNodeOptions;
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(chain: BeaconChain, options: BeaconNodeOptions) {
    this.chain = chain;
    this.#engine = options.engine;
    this.#options = options;
    this.faults = { ...HONEST, ...options.faults };
  }

  /**
   * Opens the chain on disk or begins one on the execution chain's newest block, finds where both agree, makes a new chain's first
   * blocks, and starts its clock.
   * @throws FinalizedLostError, BeaconDataError, NodeCallError
   */
  static async open(options: BeaconNodeOptions): Promise<BeaconNode> {
    const { engine, store, now = () => Math.floor(Date.now() / 1000) } = options;
    const chain = await BeaconChain.open({
      store: new BeaconStore(store),
      begin: async () => {
        const anchor = await engine.newest();
        // The first blocks are made and safe before the first of them can be called final.
        for (let i = 0; i < (options.firstSlots ?? FIRST_SLOTS); i++) await engine.mine();
        await engine.save();
        const block = await engine.blockAt(anchor);
        if (block === undefined) throw new BeaconDataError('the execution chain has no block to begin on');
        return { execution: payloadHeader(block), time: now() };
      },
      ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    });
    const node = new BeaconNode(chain, options);
    await node.#agree();
    const first = options.firstSlots ?? FIRST_SLOTS;
    while (chain.head.slot < first) await node.step();
    const every = options.slotMilliseconds ?? SLOT_MILLISECONDS;
    if (every > 0) node.#tick(every);
    return node;
  }

  /** Why the chain does not go on; `undefined` while it does. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Makes one block, after those under way. @throws FinalizedLostError, NodeCallError */
  step(): Promise<void> {
    const run = this.#work.then(() => this.#step());
    // The caller sees the failure; the next step only waits for the end of this one.
    const done = () => undefined;
    this.#work = run.then(done, done);
    return run;
  }

  async #step(): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const at = this.chain.executionOf(this.chain.head.record);
      let payload = await this.#engine.blockAt(at.number + 1);
      if (payload === undefined) {
        const known = await this.#engine.hashAt(at.number);
        if (known !== undefined && bytesEqual(known, at.hash)) await this.#engine.mine();
        payload = await this.#engine.blockAt(at.number + 1);
      }
      if (payload !== undefined && bytesEqual(payload.parentHash, at.hash)) {
        const faults = this.faults;
        this.faults = { ...faults, skip: 0, equivocate: false };
        return this.chain.extend(payload, faults);
      }
      await this.#agree();
    }
    throw new NodeCallError('execution node', 'evm_mine', undefined, 'its chain does not stand still');
  }

  /** Goes back to the newest block whose execution block the execution chain has. @throws FinalizedLostError */
  async #agree(): Promise<void> {
    const { chain } = this;
    const finalized = chain.finalized.record.header.slot;
    let { root, record } = chain.head;
    for (;;) {
      const { number, hash } = chain.executionOf(record);
      const known = await this.#engine.hashAt(number);
      if (known !== undefined && bytesEqual(known, hash)) break;
      if (record.header.slot <= finalized) throw new FinalizedLostError(number, toHex(hash));
      root = record.header.parentRoot;
      const parent = chain.store.record(root);
      if (parent === undefined) throw new BeaconDataError(`block ${toHex(root)} is missing`);
      record = parent;
    }
    if (!bytesEqual(root, chain.head.root)) await chain.rewind(root);
  }

  #tick(every: number): void {
    const began = Date.now();
    const next = (wait: number) => {
      if (!this.#closed) this.#timer = setTimeout(() => this.#tick(every), wait);
    };
    this.step().then(
      () => {
        this.#note(undefined);
        next(Math.max(0, every - (Date.now() - began)));
      },
      (error: unknown) => {
        if (error instanceof FinalizedLostError || error instanceof NodeCallError) {
          this.#note(error.message);
          next(Math.max(every, RETRY_MS));
        } else if (!this.#closed) {
          if (this.#options.onFatal === undefined) throw error;
          this.#options.onFatal(error);
        }
      },
    );
  }

  #note(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem?.(problem);
  }

  /** Stops the clock, waits for the block under way and closes the store. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#work;
    await this.chain.store.close();
  }
}
