import { bytesEqual, fromHex, isZero, toBareHex, toHex } from '../../proofs/bytes.js';
import type { KeyValueWrite } from '../../storage/keyValue.js';
import { ElectraBodyType } from './containers/block.js';
import { BeaconBlockHeaderType } from './containers/common.js';
import type { Payload, PayloadHeader } from './containers/payload.js';
import type { State } from './containers/state.js';
import { BeaconDataError } from './errors.js';
import type { Faults } from './faults.js';
import { genesisState } from './genesis.js';
import { InteropKeys } from './keys.js';
import { type LightRecord, lightRecord } from './light/record.js';
import { LightServer } from './light/server.js';
import { type Produced, produceBlock } from './produce.js';
import { prunable } from './prune.js';
import { type BeaconStore, type Meta, write } from './store.js';
import { stateRoot } from './transition/slots.js';

/** Where a chain begins. */
export interface Beginning {
  /** Execution block that the genesis state stands on. */
  readonly execution: PayloadHeader;
  /** Unix seconds. */
  readonly time: number;
}

/** A block of the chain, with the state after it. */
interface Tip {
  readonly root: Uint8Array;
  readonly record: LightRecord;
  readonly state: State;
}

/** What a change of the chain was. */
export interface ChainEvent {
  readonly type: 'head' | 'reorg' | 'finalized' | 'equivocation';
  readonly slot: number;
  readonly root: Uint8Array;
}

export interface ChainOptions {
  readonly store: BeaconStore;
  readonly keys?: InteropKeys;
  /** Asked only where the store is empty. */
  readonly begin: () => Promise<Beginning>;
  readonly onEvent?: (event: ChainEvent) => void;
}

/**
 * A beacon chain whose validators are all here: it makes its blocks, moves to other branches, finalises, and keeps what
 * light clients ask for. One change at a time; each is on disk before it shows.
 */
export class BeaconChain {
  readonly store: BeaconStore;
  readonly keys: InteropKeys;
  readonly light: LightServer;
  readonly #onEvent: (event: ChainEvent) => void;
  #meta: Meta;
  #head: Tip;

  private constructor(options: ChainOptions, keys: InteropKeys, meta: Meta, head: Tip) {
    this.store = options.store;
    this.keys = keys;
    this.#onEvent = options.onEvent ?? (() => undefined);
    this.#meta = meta;
    this.#head = head;
    this.light = new LightServer(this.store);
  }

  /** Opens the chain on disk, or begins a new one. @throws BeaconDataError */
  static async open(options: ChainOptions): Promise<BeaconChain> {
    const keys = options.keys ?? new InteropKeys();
    const { store } = options;
    const meta = store.meta() ?? (await begin(store, keys, await options.begin()));
    const root = fromHex(`0x${meta.head}`);
    const record = store.record(root);
    const state = record && store.state(record.header.slot, root);
    if (record === undefined || state === undefined) throw new BeaconDataError('its newest block is missing');
    const chain = new BeaconChain(options, keys, meta, { root, record, state });
    const parent = chain.store.record(record.header.parentRoot);
    if (parent !== undefined) chain.light.take(record, parent);
    return chain;
  }

  get head(): { readonly root: Uint8Array; readonly slot: number; readonly record: LightRecord } {
    const { root, record } = this.#head;
    return { root, slot: record.header.slot, record };
  }
  get genesisTime(): number {
    return this.#meta.genesisTime;
  }
  get genesisValidatorsRoot(): Uint8Array {
    return this.#head.state.genesisValidatorsRoot;
  }
  /** The newest finalised block; the genesis block while nothing else is. */
  get finalized(): { readonly epoch: number; readonly root: Uint8Array; readonly record: LightRecord } {
    const { epoch, root } = this.#head.record.finalized;
    const known = isZero(root) ? this.store.canonical(0) : root;
    const record = known && this.store.record(known);
    if (known === undefined || record === undefined)
      throw new BeaconDataError('its finalised block is missing');
    return { epoch, root: known, record };
  }

  /** Number and hash of a block's execution block; of the one under the genesis state for the genesis block. */
  executionOf(record: LightRecord): { readonly number: number; readonly hash: Uint8Array } {
    if (record.header.slot > 0)
      return { number: record.execution.blockNumber, hash: record.execution.blockHash };
    const { number, hash } = this.#meta.anchor;
    return { number, hash: fromHex(`0x${hash}`) };
  }

  /** Makes the next block around an execution block that builds on the head's. */
  async extend(payload: Payload, faults: Faults): Promise<void> {
    const parent = this.#head;
    const { votedBefore } = this.#meta;
    const parentSlot = parent.record.header.slot;
    const slot = Math.max(parentSlot, votedBefore) + 1 + faults.skip;
    const from = Math.max(parentSlot, votedBefore + 1);
    const slots = Array.from({ length: Math.max(0, slot - from) }, (_, i) => from + i);
    const options = {
      slot,
      payload,
      votes: { slots, share: faults.voters },
      participants: faults.participants,
    };
    const made = produceBlock(this.keys, parent.state, options);
    const writes = this.#keep(made);
    let twin: Produced | undefined;
    if (faults.equivocate) {
      const graffiti = new Uint8Array(32).fill(1);
      twin = produceBlock(this.keys, parent.state, { ...options, graffiti });
      writes.push(...this.#keep(twin));
    }
    const meta: Meta = { ...this.#meta, head: toBareHex(made.root) };
    writes.push(write.canonical(slot, made.root), write.meta(meta));
    const update = this.light.candidate(made.record, parent.record);
    if (update !== undefined) writes.push(update);
    await this.store.write(writes);
    this.#meta = meta;
    this.#head = made;
    this.light.take(made.record, parent.record);
    if (twin !== undefined) {
      this.light.equivocated(made, twin, this.keys);
      this.#onEvent({ type: 'equivocation', slot, root: twin.root });
    }
    this.#onEvent({ type: 'head', slot, root: made.root });
    if (!bytesEqual(made.record.finalized.root, parent.record.finalized.root)) await this.#finalize();
  }

  #keep({ root, block, record, state }: Produced): KeyValueWrite[] {
    const { slot } = block.message;
    const writes = [
      write.block(root, block),
      write.record(root, record),
      write.slot(slot, root),
      write.state(root, slot, state),
    ];
    if (!this.store.hasCommittee(record.nextCommitteeRoot))
      writes.push(write.committee(state.nextSyncCommittee));
    return writes;
  }

  /**
   * Goes back to a block of the chain that is not older than the finalised one: what came after it is on a branch of its own now.
   * @throws BeaconDataError
   */
  async rewind(root: Uint8Array): Promise<void> {
    const record = this.store.record(root);
    const slot = record?.header.slot ?? -1;
    const state = record && this.store.state(slot, root);
    const canonical = this.store.canonical(slot);
    if (
      record === undefined ||
      state === undefined ||
      canonical === undefined ||
      !bytesEqual(canonical, root)
    )
      throw new BeaconDataError(`block ${toHex(root)} is not one to go back to`);
    const old = this.head.slot;
    const meta: Meta = {
      ...this.#meta,
      head: toBareHex(root),
      votedBefore: Math.max(old, this.#meta.votedBefore),
    };
    const writes: KeyValueWrite[] = [write.meta(meta)];
    for (let one = slot + 1; one <= old; one++) writes.push(write.notCanonical(one));
    writes.push(...this.light.rewound(slot, old));
    await this.store.write(writes);
    this.#meta = meta;
    this.#head = { root, record, state };
    this.light.forgetAfter(slot);
    const parent = this.store.record(record.header.parentRoot);
    if (parent !== undefined) this.light.take(record, parent);
    this.#onEvent({ type: 'reorg', slot, root });
  }

  async #finalize(): Promise<void> {
    const { root, record, epoch } = this.finalized;
    const { writes, pruned } = await prunable(this.store, this.#meta.pruned, record.header.slot);
    const meta = { ...this.#meta, pruned };
    await this.store.write([...writes, write.meta(meta)]);
    this.#meta = meta;
    this.#onEvent({ type: 'finalized', slot: epoch, root });
  }
}

async function begin(store: BeaconStore, keys: InteropKeys, { execution, time }: Beginning): Promise<Meta> {
  const state = genesisState(keys, execution, time);
  const root = stateRoot(state);
  const header = { ...state.latestBlockHeader, stateRoot: root };
  const { slot, proposerIndex, parentRoot } = header;
  const body = ElectraBodyType.defaultValue();
  const block = {
    message: { slot, proposerIndex, parentRoot, stateRoot: root, body },
    signature: new Uint8Array(96),
  };
  const record = lightRecord(block, header, state);
  const blockRoot = BeaconBlockHeaderType.hashTreeRoot(header);
  const meta: Meta = {
    version: 1,
    anchor: { number: execution.blockNumber, hash: toBareHex(execution.blockHash) },
    genesisTime: time,
    head: toBareHex(blockRoot),
    votedBefore: -1,
    pruned: 0,
  };
  await store.write([
    write.block(blockRoot, block),
    write.record(blockRoot, record),
    write.slot(0, blockRoot),
    write.state(blockRoot, 0, state),
    write.canonical(0, blockRoot),
    write.committee(state.currentSyncCommittee),
    write.committee(state.nextSyncCommittee),
    write.meta(meta),
  ]);
  return meta;
}
