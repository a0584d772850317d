import { concatBytes, toBareHex } from '../../proofs/bytes.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import type { SignedBlock } from './containers/block.js';
import { type SyncCommittee, SyncCommitteeType } from './containers/common.js';
import { LIGHT_TYPES, type LightUpdate } from './containers/light.js';
import type { State } from './containers/state.js';
import { BeaconDataError } from './errors.js';
import { FORKS, type Fork, forkAtSlot } from './forks.js';
import { type LightRecord, LightRecordType } from './light/record.js';
import { readBlock, readState, TYPES } from './types.js';

const PREFIX = {
  meta: 0,
  block: 1,
  record: 2,
  state: 3,
  canonical: 4,
  committee: 5,
  update: 6,
  slot: 7,
} as const;
type Kind = keyof typeof PREFIX;

/** What the chain is, besides its blocks. */
export interface Meta {
  readonly version: 1;
  /** Execution block that the genesis state stands on. */
  readonly anchor: { readonly number: number; readonly hash: string };
  readonly genesisTime: number;
  /** Root of the newest block, hex. */
  readonly head: string;
  /** Votes of earlier slots were given on a branch that is no more. */
  readonly votedBefore: number;
  /** Slot below which blocks that light clients do not need were removed. */
  readonly pruned: number;
}

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function key(kind: Kind, ...parts: Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(PREFIX[kind]), ...parts);
}

/** A fork's byte in front of what is written in its form. */
function tagged(fork: Fork, bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(FORKS.indexOf(fork)), bytes);
}
function untagged(bytes: Uint8Array): { fork: Fork; bytes: Uint8Array } {
  const fork = FORKS[bytes[0] ?? FORKS.length];
  if (fork === undefined) throw new BeaconDataError('a fork is not known');
  return { fork, bytes: bytes.slice(1) };
}

/** The beacon chain on disk. Writes are made together, in one synced batch a block. */
export class BeaconStore {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  meta(): Meta | undefined {
    const bytes = this.#store.get(key('meta'));
    if (bytes === undefined) return undefined;
    const meta = JSON.parse(new TextDecoder().decode(bytes)) as Meta;
    if (meta.version !== 1) throw new BeaconDataError(`version ${String(meta.version)} is not known`);
    return meta;
  }
  record(root: Uint8Array): LightRecord | undefined {
    const bytes = this.#store.get(key('record', root));
    return bytes && LightRecordType.deserialize(bytes);
  }
  /** @returns the block with its fork and its bytes in that fork's form */
  block(root: Uint8Array): { fork: Fork; bytes: Uint8Array; block: SignedBlock } | undefined {
    const stored = this.#store.get(key('block', root));
    if (stored === undefined) return undefined;
    const { fork, bytes } = untagged(stored);
    return { fork, bytes, block: readBlock(fork, bytes) };
  }
  /** The state after a block that is not older than the finalised one. */
  state(slot: number, root: Uint8Array): State | undefined {
    const stored = this.#store.get(key('state', uint64(slot), root));
    if (stored === undefined) return undefined;
    const { fork, bytes } = untagged(stored);
    return readState(fork, bytes);
  }
  /** Root of the chain's block in a slot. */
  canonical(slot: number): Uint8Array | undefined {
    return this.#store.get(key('canonical', uint64(slot)))?.slice();
  }
  hasCommittee(root: Uint8Array): boolean {
    return this.#store.get(key('committee', root)) !== undefined;
  }
  /** @throws BeaconDataError */
  committee(root: Uint8Array): SyncCommittee {
    const bytes = this.#store.get(key('committee', root));
    if (bytes === undefined) throw new BeaconDataError(`committee ${toBareHex(root)} is missing`);
    return SyncCommitteeType.deserialize(bytes);
  }
  /** The best update of a period. */
  update(period: number): LightUpdate | undefined {
    const stored = this.#store.get(key('update', uint64(period)));
    if (stored === undefined) return undefined;
    const { fork, bytes } = untagged(stored);
    const empty = LIGHT_TYPES.fulu.header.defaultValue().execution;
    const update = LIGHT_TYPES[fork].update.deserialize(bytes);
    const whole = (header: typeof update.attestedHeader) => ({
      ...header,
      execution: { ...empty, ...header.execution },
    });
    return {
      ...update,
      attestedHeader: whole(update.attestedHeader),
      finalizedHeader: whole(update.finalizedHeader),
    };
  }

  /** Slots and roots of all blocks, on the chain or not, of slots from `from` to below `to`. */
  async blocks(from: number, to: number): Promise<{ slot: number; root: Uint8Array }[]> {
    const found: { slot: number; root: Uint8Array }[] = [];
    const range = { gte: key('slot', uint64(from)), lt: key('slot', uint64(to)) };
    for await (const [at] of this.#store.range(range)) {
      const slot = new DataView(at.buffer, at.byteOffset + 1, 8).getBigUint64(0);
      found.push({ slot: Number(slot), root: at.slice(9) });
    }
    return found;
  }
  /** Keys of the states after blocks of slots below `slot`. */
  async statesBelow(slot: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = [];
    for await (const [at] of this.#store.range({ gte: key('state'), lt: key('state', uint64(slot)) }))
      found.push(at.slice());
    return found;
  }

  write(writes: readonly KeyValueWrite[]): Promise<void> {
    return this.#store.batch(writes);
  }
  close(): Promise<void> {
    return this.#store.close();
  }
}

const put = (at: Uint8Array, value: Uint8Array): KeyValueWrite => ({ type: 'put', key: at, value });
const del = (at: Uint8Array): KeyValueWrite => ({ type: 'del', key: at });

/** The writes of a batch. */
export const write = {
  meta: (meta: Meta) => put(key('meta'), new TextEncoder().encode(JSON.stringify(meta))),
  block: (root: Uint8Array, block: SignedBlock) => {
    const fork = forkAtSlot(block.message.slot);
    return put(key('block', root), tagged(fork, TYPES[fork].signedBlock.serialize(block)));
  },
  record: (root: Uint8Array, record: LightRecord) =>
    put(key('record', root), LightRecordType.serialize(record)),
  slot: (slot: number, root: Uint8Array) => put(key('slot', uint64(slot), root), new Uint8Array(0)),
  state: (root: Uint8Array, blockSlot: number, state: State) => {
    const fork = forkAtSlot(state.slot);
    return put(key('state', uint64(blockSlot), root), tagged(fork, TYPES[fork].state.serialize(state)));
  },
  canonical: (slot: number, root: Uint8Array) => put(key('canonical', uint64(slot)), root),
  notCanonical: (slot: number) => del(key('canonical', uint64(slot))),
  committee: (committee: SyncCommittee) =>
    put(key('committee', SyncCommitteeType.hashTreeRoot(committee)), SyncCommitteeType.serialize(committee)),
  update: (period: number, update: LightUpdate) => {
    const fork = forkAtSlot(update.attestedHeader.beacon.slot);
    return put(key('update', uint64(period)), tagged(fork, LIGHT_TYPES[fork].update.serialize(update)));
  },
  noUpdate: (period: number) => del(key('update', uint64(period))),
  noBlock: (root: Uint8Array) => del(key('block', root)),
  noRecord: (slot: number, root: Uint8Array) => [
    del(key('record', root)),
    del(key('slot', uint64(slot), root)),
  ],
  no: del,
} as const;
