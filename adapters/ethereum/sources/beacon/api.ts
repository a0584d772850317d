import { bytesEqual, toHex } from '../../../../proofs/bytes.js';
import { SourceUnavailableError } from '../../../errors.js';
import type { Versioned } from '../../consensus/codec.js';
import { beaconRoot } from '../../consensus/header.js';
import { type ConsensusNetwork, consensusNetworks } from '../../consensus/networks.js';
import type {
  LightClientBootstrap,
  LightClientFinalityUpdate,
  LightClientOptimisticUpdate,
  LightClientUpdate,
} from '../../consensus/types.js';
import { BeaconClient, type BeaconClientOptions } from './client.js';
import { BeaconNodeInfo } from './nodeInfo.js';
import { checkPeriods } from './periods.js';
import { isLaterFork } from './reading.js';
import type { BeaconSource, CheckpointProvider, NamedBlock } from './source.js';

/** Most updates of one request: `MAX_REQUEST_LIGHT_CLIENT_UPDATES` of consensus-specs `altair/light-client/p2p-interface.md`. */
export const MAX_UPDATES = 128;
const SMALL = 2 ** 14;

/** Light-client data and checkpoints of a server of the Beacon API (ethereum/beacon-APIs). */
export class BeaconApi implements BeaconSource, CheckpointProvider {
  readonly name: string;
  readonly network: ConsensusNetwork;
  readonly info: BeaconNodeInfo;
  readonly #client: BeaconClient;
  /** Of one update as JSON: keys and headers in hex, and as much again for white space. */
  readonly #maxUpdate: number;

  /** @throws MalformedInputError for an unusable URL */
  constructor(network: ConsensusNetwork, options: BeaconClientOptions) {
    this.network = network;
    this.#client = new BeaconClient(network.name, options);
    this.info = new BeaconNodeInfo(this.#client);
    this.name = this.#client.name;
    this.#maxUpdate = 2 ** 15 + 256 * network.syncCommitteeSize;
  }

  async check(): Promise<void> {
    const { genesisTime, genesisValidatorsRoot: root } = await this.info.genesis();
    const { reading } = this.#client;
    if (!bytesEqual(root, this.network.genesisValidatorsRoot)) {
      const other = consensusNetworks.find((one) => bytesEqual(one.genesisValidatorsRoot, root));
      throw reading.fault(
        `is not on ${this.network.name}: its genesis validators root is another${other === undefined ? '' : `, that of ${other.name}`}`,
        { expected: toHex(this.network.genesisValidatorsRoot), actual: toHex(root) },
      );
    }
    if (this.network.genesisTime !== 0 && genesisTime !== this.network.genesisTime)
      throw reading.fault(`says that ${this.network.name} began at ${genesisTime}`, {
        expected: this.network.genesisTime,
      });
  }

  async bootstrap(root: Uint8Array): Promise<Versioned<LightClientBootstrap>> {
    const path = `/eth/v1/beacon/light_client/bootstrap/${toHex(root)}`;
    const answer = await this.#client.get(path, this.#maxUpdate);
    if (answer === undefined)
      throw new SourceUnavailableError(this.name, `has no bootstrap for ${toHex(root)}`);
    const { reading } = this.#client;
    const bootstrap = reading.lightClient(this.network, 'bootstrap', 'bootstrap', answer);
    if (!bytesEqual(beaconRoot(bootstrap.data.header.beacon), root))
      throw reading.fault(`gave a bootstrap of another block than ${toHex(root)}`);
    return bootstrap;
  }

  async updates(startPeriod: number, count: number): Promise<Versioned<LightClientUpdate>[]> {
    const asked = Math.min(count, MAX_UPDATES);
    const path = `/eth/v1/beacon/light_client/updates?start_period=${startPeriod}&count=${asked}`;
    const answer = await this.#client.get(path, this.#maxUpdate * asked + SMALL);
    if (answer === undefined) return [];
    const updates: Versioned<LightClientUpdate>[] = [];
    for (const entry of this.#client.reading.list(answer, 'updates', asked)) {
      const update = this.#update(entry, updates.length > 0);
      if (update === undefined) break;
      updates.push(update);
    }
    return checkPeriods(this.name, this.network, updates, startPeriod, asked);
  }

  /** @param mayBeLater whether one of a fork that is not known here is `undefined`, for what comes before it is of use */
  #update(entry: unknown, mayBeLater: boolean): Versioned<LightClientUpdate> | undefined {
    try {
      return this.#client.reading.lightClient(this.network, 'update', 'update', entry);
    } catch (error) {
      if (mayBeLater && isLaterFork(error)) return undefined;
      throw error;
    }
  }

  async finalityUpdate(): Promise<Versioned<LightClientFinalityUpdate> | undefined> {
    const answer = await this.#client.get('/eth/v1/beacon/light_client/finality_update', 2 ** 16);
    if (answer === undefined) return undefined;
    return this.#client.reading.lightClient(this.network, 'finalityUpdate', 'finality update', answer);
  }

  async optimisticUpdate(): Promise<Versioned<LightClientOptimisticUpdate> | undefined> {
    const answer = await this.#client.get('/eth/v1/beacon/light_client/optimistic_update', 2 ** 16);
    if (answer === undefined) return undefined;
    return this.#client.reading.lightClient(this.network, 'optimisticUpdate', 'optimistic update', answer);
  }

  async finalizedBlock(): Promise<NamedBlock> {
    const block = await this.info.block('finalized');
    if (block === undefined) throw new SourceUnavailableError(this.name, 'has no finalized block');
    return block;
  }

  async blockAt(slot: number): Promise<NamedBlock | undefined> {
    const block = await this.info.block(String(slot));
    if (block !== undefined && block.slot !== slot)
      throw this.#client.reading.fault(`answered slot ${block.slot} when asked for ${slot}`);
    return block;
  }

  async close(): Promise<void> {
    this.#client.close();
  }
}
