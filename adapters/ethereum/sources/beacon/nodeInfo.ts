import { bytesEqual } from '../../../../proofs/bytes.js';
import { SourceUnavailableError } from '../../../errors.js';
import { beaconRoot } from '../../consensus/header.js';
import type { BeaconClient } from './client.js';
import type { NamedBlock } from './source.js';

/** What a server says of its network's genesis. */
export interface BeaconGenesis {
  /** Unix seconds. */
  readonly genesisTime: number;
  /** 32 bytes. */
  readonly genesisValidatorsRoot: Uint8Array;
  /** 4 bytes. */
  readonly genesisForkVersion: Uint8Array;
}

/** One entry of a fork schedule. */
export interface ScheduledFork {
  /** `undefined` where it is not scheduled. */
  readonly epoch: number | undefined;
  /** 4 bytes. */
  readonly version: Uint8Array;
}

/** A checkpoint as `finality_checkpoints` names it. */
export interface BeaconCheckpoint {
  readonly epoch: number;
  readonly root: Uint8Array;
}

export interface FinalityCheckpoints {
  readonly previousJustified: BeaconCheckpoint;
  readonly currentJustified: BeaconCheckpoint;
  readonly finalized: BeaconCheckpoint;
}

/** `FAR_FUTURE_EPOCH`: not scheduled. */
const FAR_FUTURE = '18446744073709551615';
const MAX_FORKS = 64;
const SMALL = 2 ** 14;

/** The paths that need no network's data to be read. @throws SourceFaultError, SourceUnavailableError */
export class BeaconNodeInfo {
  constructor(readonly client: BeaconClient) {}

  async genesis(): Promise<BeaconGenesis> {
    const { reading } = this.client;
    const data = reading.data(await this.#get('/eth/v1/beacon/genesis', SMALL), 'genesis');
    return {
      genesisTime: reading.count(data.genesis_time, 'genesis time'),
      genesisValidatorsRoot: reading.bytes(data.genesis_validators_root, 'genesis validators root', 32),
      genesisForkVersion: reading.bytes(data.genesis_fork_version, 'genesis fork version', 4),
    };
  }

  /** Constants and settings of the node: text each, or lists of a later fork. */
  async spec(): Promise<Readonly<Record<string, unknown>>> {
    return this.client.reading.data(await this.#get('/eth/v1/config/spec', 2 ** 18), 'spec');
  }

  async forkSchedule(): Promise<ScheduledFork[]> {
    const { reading } = this.client;
    const answer = reading.record(await this.#get('/eth/v1/config/fork_schedule', 2 ** 16), 'fork schedule');
    return reading.list(answer.data, 'fork schedule', MAX_FORKS).map((entry) => {
      const { epoch, current_version } = reading.record(entry, 'fork schedule');
      return {
        epoch: epoch === FAR_FUTURE ? undefined : reading.count(epoch, 'fork epoch'),
        version: reading.bytes(current_version, 'fork version', 4),
      };
    });
  }

  /** Of the state at the node's head. */
  async finalityCheckpoints(): Promise<FinalityCheckpoints> {
    const { reading } = this.client;
    const path = '/eth/v1/beacon/states/head/finality_checkpoints';
    const data = reading.data(await this.#get(path, SMALL), 'finality checkpoints');
    const checkpoint = (value: unknown): BeaconCheckpoint => {
      const { epoch, root } = reading.record(value, 'finality checkpoint');
      return {
        epoch: reading.count(epoch, 'checkpoint epoch'),
        root: reading.bytes(root, 'checkpoint root', 32),
      };
    };
    return {
      previousJustified: checkpoint(data.previous_justified),
      currentJustified: checkpoint(data.current_justified),
      finalized: checkpoint(data.finalized),
    };
  }

  /** @param id `finalized`, `head`, a slot or a root @returns `undefined` where there is none */
  async block(id: string): Promise<NamedBlock | undefined> {
    const { reading } = this.client;
    const answer = await this.client.get(`/eth/v1/beacon/headers/${id}`, SMALL);
    if (answer === undefined) return undefined;
    const { execution_optimistic } = reading.record(answer, 'header');
    if (execution_optimistic === true)
      throw new SourceUnavailableError(this.client.name, 'has not executed its newest blocks yet');
    const data = reading.data(answer, 'header');
    const { message } = reading.record(data.header, 'header');
    const fields = reading.record(message, 'header');
    const header = {
      slot: reading.count(fields.slot, 'slot'),
      proposerIndex: reading.count(fields.proposer_index, 'proposer index'),
      parentRoot: reading.bytes(fields.parent_root, 'parent root', 32),
      stateRoot: reading.bytes(fields.state_root, 'state root', 32),
      bodyRoot: reading.bytes(fields.body_root, 'body root', 32),
    };
    const root = reading.bytes(data.root, 'block root', 32);
    if (!bytesEqual(beaconRoot(header), root))
      throw reading.fault(`gave a header at slot ${header.slot} that does not have the root it names`);
    return data.canonical === false ? undefined : { slot: header.slot, root };
  }

  async #get(path: string, maxBytes: number): Promise<unknown> {
    const answer = await this.client.get(path, maxBytes);
    if (answer === undefined) throw new SourceUnavailableError(this.client.name, `has no ${path}`);
    return answer;
  }
}
