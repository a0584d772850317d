import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { bytesEqual, toHex } from '../../../../proofs/bytes.js';
import { SourceFaultError, SourceUnavailableError } from '../../../errors.js';
import type { Versioned } from '../../consensus/codec.js';
import { beaconRoot } from '../../consensus/header.js';
import type { ConsensusNetwork } from '../../consensus/networks.js';
import type {
  LightClientBootstrap,
  LightClientData,
  LightClientFinalityUpdate,
  LightClientKind,
  LightClientOptimisticUpdate,
  LightClientUpdate,
} from '../../consensus/types.js';
import { checkPeriods, periodOf } from './periods.js';
import { BeaconReading } from './reading.js';
import type { BeaconSource } from './source.js';

export interface BeaconFileOptions {
  /** A JSON file as docs/formats.md describes it. */
  readonly path: string;
  /** For logs, metrics and errors, and told by the API. Default: chain and the file’s name. */
  readonly name?: string | undefined;
  /** Default 256 MiB: some three thousand periods. */
  readonly maxBytes?: number | undefined;
}

const MEMBERS: Readonly<Record<LightClientKind, string>> = {
  bootstrap: 'bootstrap',
  update: 'updates',
  finalityUpdate: 'finality_updates',
  optimisticUpdate: 'optimistic_updates',
};
/** Most entries of one list. */
const MAX_ENTRIES = 2 ** 14;

interface Contents {
  readonly modified: number;
  readonly size: number;
  readonly bootstraps: readonly Versioned<LightClientBootstrap>[];
  readonly updates: ReadonlyMap<number, Versioned<LightClientUpdate>>;
  readonly finalityUpdate: Versioned<LightClientFinalityUpdate> | undefined;
  readonly optimisticUpdate: Versioned<LightClientOptimisticUpdate> | undefined;
}

/**
 * Light-client data from a JSON file, in the forms of the Beacon API: `bootstrap`, `updates`, `finality_updates` and
 * `optimistic_updates` are lists, of which each may be left out. Read again when the file has changed. It is no more
 * believed than a server.
 */
export class BeaconFile implements BeaconSource {
  readonly name: string;
  readonly network: ConsensusNetwork;
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #reading: BeaconReading;
  #contents: Contents | undefined;

  constructor(network: ConsensusNetwork, options: BeaconFileOptions) {
    this.network = network;
    this.name = options.name ?? `${network.name} beacon file ${basename(options.path)}`;
    this.#path = options.path;
    this.#maxBytes = options.maxBytes ?? 2 ** 28;
    this.#reading = new BeaconReading(this.name);
  }

  async check(): Promise<void> {
    await this.#read();
  }

  async bootstrap(root: Uint8Array): Promise<Versioned<LightClientBootstrap>> {
    const { bootstraps } = await this.#read();
    const found = bootstraps.find(({ data }) => bytesEqual(beaconRoot(data.header.beacon), root));
    if (found !== undefined) return found;
    throw new SourceUnavailableError(this.name, `has no bootstrap for ${toHex(root)}`);
  }

  async updates(startPeriod: number, count: number): Promise<Versioned<LightClientUpdate>[]> {
    const { updates } = await this.#read();
    const run: Versioned<LightClientUpdate>[] = [];
    for (let period = startPeriod; period < startPeriod + count; period++) {
      const update = updates.get(period);
      if (update === undefined) break;
      run.push(update);
    }
    return checkPeriods(this.name, this.network, run, startPeriod, count);
  }

  async finalityUpdate(): Promise<Versioned<LightClientFinalityUpdate> | undefined> {
    return (await this.#read()).finalityUpdate;
  }

  async optimisticUpdate(): Promise<Versioned<LightClientOptimisticUpdate> | undefined> {
    return (await this.#read()).optimisticUpdate;
  }

  async close(): Promise<void> {
    this.#contents = undefined;
  }

  async #read(): Promise<Contents> {
    const { mtimeMs: modified, size } = await this.#io(() => stat(this.#path));
    const known = this.#contents;
    if (known !== undefined && known.modified === modified && known.size === size) return known;
    if (size > this.#maxBytes)
      throw new SourceFaultError(this.name, `has ${size} bytes, more than ${this.#maxBytes}`);
    const bytes = await this.#io(() => readFile(this.#path));
    const json = this.#reading.record(this.#reading.json(bytes, 'it'), 'it');
    const { network } = json;
    if (network !== undefined && network !== this.network.name && `ethereum-${network}` !== this.network.name)
      throw this.#reading.fault(`is of ${String(network).slice(0, 80)}, not of ${this.network.name}`);
    const updates = new Map<number, Versioned<LightClientUpdate>>();
    for (const update of this.#entries(json, 'update')) {
      const period = periodOf(this.network, update);
      if (updates.has(period)) throw this.#reading.fault(`has two updates of period ${period}`);
      updates.set(period, update);
    }
    const contents: Contents = {
      modified,
      size,
      bootstraps: this.#entries(json, 'bootstrap'),
      updates,
      finalityUpdate: newest(this.#entries(json, 'finalityUpdate')),
      optimisticUpdate: newest(this.#entries(json, 'optimisticUpdate')),
    };
    this.#contents = contents;
    return contents;
  }

  #entries<K extends LightClientKind>(
    json: Readonly<Record<string, unknown>>,
    kind: K,
  ): Versioned<LightClientData[K]>[] {
    const member = MEMBERS[kind];
    const entries = json[member] ?? [];
    return this.#reading
      .list(entries, member, MAX_ENTRIES)
      .map((entry) => this.#reading.lightClient(this.network, kind, member, entry));
  }

  async #io<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new SourceUnavailableError(
        this.name,
        `cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`,
        error,
      );
    }
  }
}

function newest<T extends LightClientOptimisticUpdate>(
  updates: readonly Versioned<T>[],
): Versioned<T> | undefined {
  return updates.reduce<Versioned<T> | undefined>(
    (best, update) =>
      best === undefined || update.data.signatureSlot > best.data.signatureSlot ? update : best,
    undefined,
  );
}
