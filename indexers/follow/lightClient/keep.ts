import {
  decodeBootstrap,
  decodeUpdate,
  encodeBootstrap,
  encodeUpdate,
  type Versioned,
} from '../../../adapters/ethereum/consensus/codec.js';
import { LightClient } from '../../../adapters/ethereum/consensus/lightClient.js';
import type { ConsensusNetwork } from '../../../adapters/ethereum/consensus/networks.js';
import type {
  LightClientBootstrap,
  LightClientFinalityUpdate,
  LightClientUpdate,
  SyncCommittee,
} from '../../../adapters/ethereum/consensus/types.js';
import type { Bls } from '../../../proofs/bls/bls.js';
import { toBareHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import type { KeyValueStore, KeyValueWrite } from '../../../storage/keyValue.js';
import { readUint64, Table, tableKey } from '../../keys.js';
import { Serial } from '../../serial.js';

/** What was kept of a light client. */
export interface Kept {
  readonly client: LightClient;
  readonly bootstrap: Versioned<LightClientBootstrap>;
  /** That finalized the newest block. */
  readonly finalityUpdate: Uint8Array | undefined;
}

/** An update as it goes to the main chain. */
export interface EncodedUpdate {
  readonly period: number;
  /** The kind byte, the fork byte, then SSZ: `encodeUpdate`. */
  readonly bytes: Uint8Array;
}

/**
 * What a light client has verified, on disk: the bootstrap, its store, the update of each period (some 25 kB), and the
 * newest finality update. Everything is kept by its trusted block, so that another one begins afresh.
 */
export class LightClientKeep {
  readonly #store: KeyValueStore;
  readonly #network: ConsensusNetwork;
  readonly #trustedRoot: Uint8Array;
  readonly #serial = new Serial();
  /** What could not be written yet, by key: a later write brings it along, so that nothing is missing in between. */
  readonly #unwritten = new Map<string, KeyValueWrite>();
  #closed = false;

  constructor(store: KeyValueStore, network: ConsensusNetwork, trustedRoot: Uint8Array) {
    this.#store = store;
    this.#network = network;
    this.#trustedRoot = trustedRoot;
  }

  /** @throws MalformedInputError, LimitExceededError, LightClientRuleError for what was not written by `begin` and `write` */
  load(bls: Bls): Kept | undefined {
    const [first, kept] = [this.#store.get(this.#key('bootstrap')), this.#store.get(this.#key('store'))];
    if (first === undefined || kept === undefined) return undefined;
    const bootstrap = decodeBootstrap(this.#network, first);
    const start = LightClient.start(this.#network, this.#trustedRoot, bootstrap.data, bls);
    const client = LightClient.fromBytes(this.#network, kept, bls);
    if (client.finalized.beacon.slot < start.finalized.beacon.slot)
      throw new MalformedInputError('kept light client store', 'is older than its trusted block');
    const finalityUpdate = this.#store.get(this.#key('finality'));
    if (finalityUpdate !== undefined) decodeUpdate(this.#network, finalityUpdate);
    return { client, bootstrap, finalityUpdate };
  }

  /** Replaces what was kept. */
  async begin(client: LightClient, bootstrap: Versioned<LightClientBootstrap>): Promise<void> {
    const value = encodeBootstrap(this.#network, bootstrap);
    await this.#save(client, async () => {
      const writes: KeyValueWrite[] = [{ type: 'del', key: this.#key('finality') }];
      for await (const [key] of this.#store.range(this.#updatesFrom(0))) writes.push({ type: 'del', key });
      return [...writes, { type: 'put', key: this.#key('bootstrap'), value }];
    });
  }

  /** Keeps a client's store with what has led to it, at once. */
  async write(
    client: LightClient,
    updates: ReadonlyMap<number, Versioned<LightClientUpdate>>,
    finality?: Versioned<LightClientFinalityUpdate>,
  ): Promise<void> {
    const writes = [...updates].map(([period, versioned]): KeyValueWrite => {
      const value = encodeUpdate(this.#network, { kind: 'update', versioned });
      return { type: 'put', key: this.#updateKey(period), value };
    });
    if (finality !== undefined)
      writes.push({ type: 'put', key: this.#key('finality'), value: this.encodeFinality(finality) });
    await this.#save(client, async () => writes);
  }

  /** Tries again to write what could not be written. */
  async flush(client: LightClient): Promise<void> {
    if (this.#unwritten.size > 0) await this.#save(client, async () => []);
  }

  /** Resolves when what is being written is written; nothing is written afterwards. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#serial.run(async () => undefined);
  }

  encodeFinality(versioned: Versioned<LightClientFinalityUpdate>): Uint8Array {
    return encodeUpdate(this.#network, { kind: 'finalityUpdate', versioned });
  }

  /** Updates of consecutive periods. */
  async updates(fromPeriod: number, limit: number): Promise<EncodedUpdate[]> {
    const found: EncodedUpdate[] = [];
    for await (const [key, bytes] of this.#store.range({ ...this.#updatesFrom(fromPeriod), limit })) {
      const period = readUint64(key, key.length - 8);
      if (period !== fromPeriod + found.length) break;
      found.push({ period, bytes });
    }
    return found;
  }

  /** The committee that the update of the period before brought. */
  committeeOf(period: number): SyncCommittee | undefined {
    const bytes = period === 0 ? undefined : this.#store.get(this.#updateKey(period - 1));
    if (bytes === undefined) return undefined;
    const update = decodeUpdate(this.#network, bytes);
    return update.kind === 'update' ? update.versioned.data.nextSyncCommittee : undefined;
  }

  #save(client: LightClient, writes: () => Promise<readonly KeyValueWrite[]>): Promise<void> {
    return this.#serial.run(async () => {
      if (this.#closed) return;
      for (const write of await writes()) this.#unwritten.set(toBareHex(write.key), write);
      // The store as it is when its turn comes: never an older one after a newer one.
      const store: KeyValueWrite = { type: 'put', key: this.#key('store'), value: client.toBytes() };
      await this.#store.batch([...this.#unwritten.values(), store]);
      this.#unwritten.clear();
    });
  }

  #updatesFrom(period: number) {
    return { gte: this.#updateKey(period), lt: this.#updateKey(Number.MAX_SAFE_INTEGER) };
  }

  #key(what: 'bootstrap' | 'store' | 'finality'): Uint8Array {
    return tableKey(Table.lightClient, this.#network.name, this.#trustedRoot, what);
  }

  #updateKey(period: number): Uint8Array {
    return tableKey(Table.lightClientUpdate, this.#network.name, this.#trustedRoot, period);
  }
}
