import { existsSync, readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  advanceFinality,
  BEACON_FORKS,
  type BeaconFork,
  beaconRoot,
  type ConsensusNetwork,
  decodeSsz,
  defineConsensusNetwork,
  encodeBootstrap,
  encodeCommittee,
  encodeSsz,
  encodeUpdate,
  executionRoot,
  type FinalityRecord,
  type ForkActivation,
  fromBeaconJson,
  LightClient,
  type LightClientHeader,
  LightClientRuleError,
  type LightClientStore,
  LightClientTooEarlyError,
  type LightClientUpdate,
  periodAt,
  startFinality,
  syncCommitteeDomain,
  toBeaconJson,
  type Versioned,
} from '../../adapters/ethereum/consensus/index.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { type Bls, nobleBls } from '../../proofs/bls/bls.js';
import { fromHex, toHex, ZERO32 } from '../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { readYaml } from '../support/yaml.js';
import { dataPath, hasData, needsData, readBytes } from './folder.js';

const FOLDER = 'eth-lightclient/spec_minimal';
const ALWAYS = Number.POSITIVE_INFINITY;
const cases = hasData
  ? readdirSync(dataPath(FOLDER)).flatMap((fork) =>
      readdirSync(dataPath(`${FOLDER}/${fork}`)).map((name) => `${fork}/${name}`),
    )
  : [];

type Config = Readonly<Record<string, string | number>>;
interface Meta {
  readonly genesis_validators_root: string;
  readonly trusted_block_root: string;
  readonly bootstrap_fork_digest: string;
  readonly store_fork_digest: string;
}
interface Checks {
  readonly finalized_header: HeaderCheck;
  readonly optimistic_header: HeaderCheck;
}
interface HeaderCheck {
  readonly slot: number;
  readonly beacon_root: string;
  readonly execution_root?: string;
}
/** consensus-specs `tests/formats/light_client/sync.md`. */
type Step =
  | {
      readonly process_update: {
        readonly update_fork_digest: string;
        readonly update: string;
        readonly current_slot: number;
        readonly checks: Checks;
      };
    }
  | { readonly force_update: { readonly current_slot: number; readonly checks: Checks } }
  | { readonly upgrade_store: { readonly store_fork_digest: string; readonly checks: Checks } };

beforeAll(useFastHasher);

function yaml<T>(path: string): T {
  return readYaml(Buffer.from(readBytes(path)).toString()) as T;
}

function networkOf(config: Config, root: Uint8Array): ConsensusNetwork {
  const forks = BEACON_FORKS.flatMap((fork): ForkActivation[] => {
    const epoch = config[`${fork.toUpperCase()}_FORK_EPOCH`];
    const version = config[`${fork.toUpperCase()}_FORK_VERSION`];
    return typeof epoch === 'number' ? [{ fork, epoch, version: fromHex(String(version)) }] : [];
  });
  expect(config.PRESET_BASE).toBe('minimal');
  return defineConsensusNetwork({
    name: 'spec-minimal',
    preset: 'minimal',
    slotMilliseconds: 1000 * Number(config.SECONDS_PER_SLOT),
    genesisTime: Number(config.MIN_GENESIS_TIME),
    genesisValidatorsRoot: root,
    forks,
  });
}

/** The fork of a digest: the first bytes of the fork data's root, which a domain holds after its type. */
function forkOf(network: ConsensusNetwork, digest: string): BeaconFork {
  const found = network.forks.find(
    ({ version }) =>
      toHex(syncCommitteeDomain(version, network.genesisValidatorsRoot).slice(4, 8)) === digest,
  );
  return found!.fork;
}

/** @param each called with the client before it takes an update */
function run(
  folder: string,
  bls: Bls,
  each: (client: LightClient, fork: BeaconFork, bytes: Uint8Array) => void = () => undefined,
): { readonly steps: number; readonly client: LightClient } {
  const meta = yaml<Meta>(`${folder}/meta.yaml`);
  const network = networkOf(yaml<Config>(`${folder}/config.yaml`), fromHex(meta.genesis_validators_root));
  const read = <K extends 'bootstrap' | 'update'>(kind: K, name: string, digest: string) => {
    const bytes = readBytes(`${folder}/${name}.ssz`);
    const versioned = decodeSsz(network, kind, forkOf(network, digest), bytes);
    expect(encodeSsz(network, kind, versioned)).toEqual(bytes);
    expect(fromBeaconJson(network, kind, toBeaconJson(network, kind, versioned))).toEqual(versioned);
    return versioned.data;
  };
  const bootstrap = read('bootstrap', 'bootstrap', meta.bootstrap_fork_digest);
  const client = LightClient.start(network, fromHex(meta.trusted_block_root), bootstrap, bls);
  const bootstrapFork = forkOf(network, meta.bootstrap_fork_digest);
  let record = startFinality(
    network,
    fromHex(meta.trusted_block_root),
    encodeBootstrap(network, { fork: bootstrapFork, data: bootstrap }),
  );
  const steps = yaml<readonly Step[]>(`${folder}/steps.yaml`);
  let storeFork = forkOf(network, meta.store_fork_digest);
  for (const step of steps) {
    let checks: Checks;
    if ('process_update' in step) {
      const { update, update_fork_digest, current_slot } = step.process_update;
      const data = read('update', update, update_fork_digest);
      const versioned = { fork: forkOf(network, update_fork_digest), data };
      const before = client.store;
      each(client, versioned.fork, readBytes(`${folder}/${update}.ssz`));
      client.processUpdate(data, current_slot);
      record = stateless(network, record, versioned, before, current_slot, bls);
      expect(record.slot).toBe(client.finalized.beacon.slot);
      expect(record.beaconRoot).toEqual(client.finalized.beaconRoot);
      expect(record.nextCommitteeRoot).toEqual(client.store.nextCommittee?.root ?? ZERO32);
      checks = step.process_update.checks;
    } else if ('force_update' in step) {
      client.forceUpdate(step.force_update.current_slot);
      checks = step.force_update.checks;
    } else {
      // The store is always in the newest fork's form.
      const next = forkOf(network, step.upgrade_store.store_fork_digest);
      expect(BEACON_FORKS.indexOf(next)).toBeGreaterThan(BEACON_FORKS.indexOf(storeFork));
      storeFork = next;
      checks = step.upgrade_store.checks;
    }
    expectHeader(network, client.store.finalizedHeader, checks.finalized_header);
    expectHeader(network, client.store.optimisticHeader, checks.optimistic_header);
  }
  return { steps: steps.length, client };
}

/** The record after an update; as it was where the update, though valid, finalizes nothing. */
function stateless(
  network: ConsensusNetwork,
  record: FinalityRecord,
  versioned: Versioned<LightClientUpdate>,
  { currentCommittee, nextCommittee }: LightClientStore,
  slot: number,
  bls: Bls,
): FinalityRecord {
  const { data } = versioned;
  const isNext = periodAt(network, data.signatureSlot) > periodAt(network, record.slot);
  const { committee } = isNext ? nextCommittee! : currentCommittee;
  const witness = encodeCommittee(network, committee, data.syncAggregate.syncCommitteeBits);
  const encoded = encodeUpdate(network, { kind: 'update', versioned });
  const time = network.genesisTime + (slot * network.slotMilliseconds) / 1000;
  const late = () => advanceFinality(network, record, encoded, witness, time - 1, bls);
  if (data.signatureSlot === slot) expect(late).toThrow(LightClientTooEarlyError);
  try {
    return advanceFinality(network, record, encoded, witness, time, bls);
  } catch (error) {
    expect((error as LightClientRuleError).rule).toBe('not-relevant');
    return record;
  }
}

function expectHeader(network: ConsensusNetwork, header: LightClientHeader, check: HeaderCheck): void {
  expect(header.beacon.slot).toBe(check.slot);
  expect(toHex(beaconRoot(header.beacon))).toBe(check.beacon_root);
  if (check.execution_root !== undefined)
    expect(toHex(executionRoot(network, header))).toBe(check.execution_root);
}

/** One bit of so many is flipped; each vector's updates begin at another one. */
const STEP = 499;

/**
 * Flips bits of an update that the client would take: each is refused by name, and changes nothing, but for the signature slot, of
 * which no signature speaks: another one of the same period and fork leads to the same headers.
 * @returns how often each name was given
 */
function flips(
  network: ConsensusNetwork,
  client: LightClient,
  fork: BeaconFork,
  good: Uint8Array,
  offset: number,
) {
  const names = new Map<string, number>();
  const kept = client.toBytes();
  const taken = LightClient.fromBytes(network, kept, blstBls);
  taken.processUpdate(decodeSsz(network, 'update', fork, good).data, ALWAYS);
  for (let bit = offset % STEP; bit < 8 * good.length; bit += STEP) {
    const bytes = good.slice();
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const fresh = LightClient.fromBytes(network, kept, blstBls);
    let name = 'taken';
    try {
      fresh.processUpdate(decodeSsz(network, 'update', fork, bytes).data, ALWAYS);
    } catch (error) {
      if (error instanceof LightClientRuleError) name = error.rule;
      else if (error instanceof MalformedInputError || error instanceof LimitExceededError) name = error.name;
      else throw error;
    }
    const expected = name === 'taken' ? taken : client;
    expect([bit, fresh.finalized, fresh.optimistic]).toEqual([bit, expected.finalized, expected.optimistic]);
    names.set(name, (names.get(name) ?? 0) + 1);
  }
  return names;
}

describe.skipIf(!hasData)(needsData('light client: official vectors'), () => {
  it('are there', () => {
    expect(cases.length).toBe(4);
    expect(existsSync(dataPath(`${FOLDER}/electra/advance_finality_without_sync_committee`))).toBe(true);
  });

  it.each(cases)('%s, every step', (name) => {
    const native = run(`${FOLDER}/${name}`, blstBls);
    expect(native.steps).toBe(name.includes('supply') ? 1 : 5);
    expect(run(`${FOLDER}/${name}`, nobleBls).client.toBytes()).toEqual(native.client.toBytes());
  });

  it.each(cases)('%s, with a bit flipped anywhere in any update', (name) => {
    const names = new Map<string, number>();
    let updates = 0;
    run(`${FOLDER}/${name}`, blstBls, (client, fork, bytes) => {
      for (const [rule, count] of flips(client.network, client, fork, bytes, 89 * updates++))
        names.set(rule, (names.get(rule) ?? 0) + count);
    });
    const taken = names.get('taken') ?? 0;
    expect(taken).toBeLessThanOrEqual(updates);
    expect(names.get('invalid-signature')).toBeGreaterThan(0);
    expect(names.size).toBeGreaterThan(3);
  });
});
