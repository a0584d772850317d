import { committeeRoot } from '../../adapters/ethereum/consensus/committee.js';
import { beaconRoot } from '../../adapters/ethereum/consensus/header.js';
import {
  BEACON_FORKS,
  decodeBootstrap,
  decodeCommittee,
  decodeUpdate,
  encodeBootstrap,
  encodeCommittee,
  encodeUpdate,
  encodeWholeCommittee,
  fromBeaconJson,
  toBeaconJson,
  type Versioned,
} from '../../adapters/ethereum/consensus/index.js';
import { defineConsensusNetwork } from '../../adapters/ethereum/consensus/networks.js';
import { decodeStore, encodeStore } from '../../adapters/ethereum/consensus/snapshot.js';
import { startStore } from '../../adapters/ethereum/consensus/store.js';
import { readDefinition } from '../../adapters/ethereum/sources/beacon/definition.js';
import { BeaconReading } from '../../adapters/ethereum/sources/beacon/reading.js';
import { bytesEqual, utf8 } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { bitsOf, FakeBeacon, forkingNetwork as network } from '../fixtures/beacon.js';
import type { FuzzTarget } from './harness.js';

const chain = new FakeBeacon();
const slots = [10, 20, 40, 70, 140, 200];
const bits = bitsOf(network, [...Array(32).keys()].slice(3));
const committee = chain.committee(0);
const root = committeeRoot(committee);
const store = startStore(network, beaconRoot(chain.header(70).beacon), chain.bootstrap(70));
const versioned = <T>(make: (slot: number) => T): Versioned<T>[] =>
  BEACON_FORKS.map((fork, i) => ({ fork, data: make(slots[i] ?? 0) }));
const bootstraps = versioned((slot) => chain.bootstrap(slot));
const updates = versioned((slot) => chain.update({ attested: slot, finalized: slot - 4, committee: true }));

const reading = new BeaconReading('node');
const genesis = {
  genesisTime: 5,
  genesisValidatorsRoot: new Uint8Array(32).fill(7),
  genesisForkVersion: new Uint8Array(4),
};
const spec = {
  PRESET_BASE: 'minimal',
  SECONDS_PER_SLOT: '6',
  SLOTS_PER_EPOCH: '8',
  EPOCHS_PER_SYNC_COMMITTEE_PERIOD: '8',
  SYNC_COMMITTEE_SIZE: '32',
  ALTAIR_FORK_EPOCH: '0',
  ALTAIR_FORK_VERSION: '0x01000001',
  DENEB_FORK_EPOCH: '4',
  DENEB_FORK_VERSION: '0x04000001',
  GLOAS_FORK_EPOCH: '18446744073709551615',
};

function parsed(input: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(input));
  } catch (error) {
    if (error instanceof SyntaxError) throw new MalformedInputError('JSON', 'does not parse', error);
    throw error;
  }
}

function same(what: string, again: Uint8Array, input: Uint8Array): void {
  if (!bytesEqual(again, input)) throw new Error(`${what} was read, but is written otherwise`);
}

/** Everything in which the light client reads bytes. */
export const lightClientTargets: readonly FuzzTarget[] = [
  {
    name: 'light client bootstrap',
    seeds: bootstraps.map((one) => encodeBootstrap(network, one)),
    run: (input) => same('a bootstrap', encodeBootstrap(network, decodeBootstrap(network, input)), input),
  },
  {
    name: 'light client update',
    seeds: updates.flatMap((one) => [
      encodeUpdate(network, { kind: 'update', versioned: one }),
      encodeUpdate(network, { kind: 'finalityUpdate', versioned: one }),
    ]),
    run: (input) => same('an update', encodeUpdate(network, decodeUpdate(network, input)), input),
  },
  {
    name: 'sync committee, whole or what is absent of it',
    seeds: [encodeCommittee(network, committee, bits), encodeWholeCommittee(network, committee)],
    run(input) {
      const { aggregatePubkey, absent } = decodeCommittee(network, input, bits, root, 0);
      if (!bytesEqual(aggregatePubkey, committee.aggregatePubkey) || absent.length !== 3)
        throw new Error('another committee passes for this one');
    },
  },
  {
    name: 'kept light client store',
    seeds: [encodeStore(network, store)],
    run: (input) => void decodeStore(network, input),
  },
  {
    name: 'light client data of the Beacon API',
    seeds: updates.map((one) => utf8(JSON.stringify(toBeaconJson(network, 'optimisticUpdate', one)))),
    run: (input) => void fromBeaconJson(network, 'optimisticUpdate', parsed(input)),
  },
  {
    name: 'finality update that a beacon node answers',
    seeds: updates.map((one) => utf8(JSON.stringify(toBeaconJson(network, 'finalityUpdate', one)))),
    run(input) {
      const json = reading.json(input, 'it');
      const { fork, data } = reading.lightClient(network, 'finalityUpdate', 'finality update', json);
      const again = toBeaconJson(network, 'finalityUpdate', { fork, data });
      if (data.signatureSlot !== Number(JSON.parse(JSON.stringify(again)).data.signature_slot))
        throw new Error('an answer was read, but is written otherwise');
    },
  },
  {
    name: 'spec that a beacon node answers',
    seeds: [utf8(JSON.stringify(spec))],
    run: (input) =>
      void defineConsensusNetwork(
        readDefinition('fuzzed', 'node', genesis, reading.record(reading.json(input, 'spec'), 'spec')),
      ),
  },
];
