import { bytesEqual, concatBytes } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { LightClientRuleError } from './errors.js';
import { BEACON_FORKS, type BeaconFork, forkAt, forkCode, forkOfCode } from './forks.js';
import type { ConsensusNetwork } from './networks.js';
import { type LightClientData, type LightClientKind, wireTypes } from './types.js';
import { fromWire, toWire } from './upgrade.js';

/** Light-client data and the fork whose form it came in. */
export interface Versioned<T> {
  readonly fork: BeaconFork;
  readonly data: T;
}

/**
 * SSZ of one fork's form; exactly one encoding is valid.
 * @throws MalformedInputError, LimitExceededError
 */
export function decodeSsz<K extends LightClientKind>(
  network: ConsensusNetwork,
  kind: K,
  fork: BeaconFork,
  bytes: Uint8Array,
): Versioned<LightClientData[K]> {
  const type = wireTypes(network.syncCommitteeSize, fork)[kind];
  if (bytes.length > type.maxSize)
    throw new LimitExceededError(`light client ${kind}`, bytes.length, type.maxSize);
  const value = attempt(kind, () => type.deserialize(bytes));
  if (!bytesEqual(type.serialize(value), bytes))
    throw new MalformedInputError(`light client ${kind}`, 'has another encoding than the one valid one');
  return { fork, data: fromWire(fork, kind, value) };
}

/** SSZ of the form that `versioned` came in. */
export function encodeSsz<K extends LightClientKind>(
  network: ConsensusNetwork,
  kind: K,
  versioned: Versioned<LightClientData[K]>,
): Uint8Array {
  const { fork, data } = versioned;
  return wireTypes(network.syncCommitteeSize, fork)[kind].serialize(toWire(fork, kind, data));
}

/**
 * Data as the Beacon API gives it: `{version, data}`, or the data alone, of which the slot then tells the fork.
 * @throws MalformedInputError; LightClientRuleError `unsupported-fork`
 */
export function fromBeaconJson<K extends LightClientKind>(
  network: ConsensusNetwork,
  kind: K,
  json: unknown,
): Versioned<LightClientData[K]> {
  const outer = isRecord(json) && 'data' in json ? json : { data: json };
  const { data } = outer;
  const version = 'version' in outer ? outer.version : undefined;
  const fork = version === undefined ? forkOfJson(network, kind, data) : forkNamed(kind, version);
  const type = wireTypes(network.syncCommitteeSize, fork)[kind];
  const bytes = attempt(kind, () => type.serialize(type.fromJson(data)));
  return decodeSsz(network, kind, fork, bytes);
}

/** `{version, data}` as the Beacon API gives it. */
export function toBeaconJson<K extends LightClientKind>(
  network: ConsensusNetwork,
  kind: K,
  versioned: Versioned<LightClientData[K]>,
): { readonly version: BeaconFork; readonly data: unknown } {
  const { fork, data } = versioned;
  const type = wireTypes(network.syncCommitteeSize, fork)[kind];
  return { version: fork, data: type.toJson(toWire(fork, kind, data)) };
}

/** The fork byte, then SSZ. */
export function encodeBootstrap(
  network: ConsensusNetwork,
  bootstrap: Versioned<LightClientData['bootstrap']>,
): Uint8Array {
  return concatBytes(Uint8Array.of(forkCode(bootstrap.fork)), encodeSsz(network, 'bootstrap', bootstrap));
}

/** @throws MalformedInputError, LimitExceededError; LightClientRuleError `unsupported-fork` */
export function decodeBootstrap(
  network: ConsensusNetwork,
  bytes: Uint8Array,
): Versioned<LightClientData['bootstrap']> {
  return decodeSsz(network, 'bootstrap', readFork(bytes, 0, 'bootstrap'), bytes.subarray(1));
}

/** First byte of an encoded update. */
export const UpdateKind = { update: 1, finalityUpdate: 2 } as const;

/** An update with or without a next sync committee. */
export type AnyUpdate =
  | { readonly kind: 'update'; readonly versioned: Versioned<LightClientData['update']> }
  | { readonly kind: 'finalityUpdate'; readonly versioned: Versioned<LightClientData['finalityUpdate']> };

/** The kind byte (1 update, 2 finality update), the fork byte, then SSZ. */
export function encodeUpdate(network: ConsensusNetwork, update: AnyUpdate): Uint8Array {
  const body =
    update.kind === 'update'
      ? encodeSsz(network, 'update', update.versioned)
      : encodeSsz(network, 'finalityUpdate', update.versioned);
  return concatBytes(Uint8Array.of(UpdateKind[update.kind], forkCode(update.versioned.fork)), body);
}

/** @throws MalformedInputError, LimitExceededError; LightClientRuleError `unsupported-fork` */
export function decodeUpdate(network: ConsensusNetwork, bytes: Uint8Array): AnyUpdate {
  const fork = readFork(bytes, 1, 'update');
  const body = bytes.subarray(2);
  switch (bytes[0]) {
    case UpdateKind.update:
      return { kind: 'update', versioned: decodeSsz(network, 'update', fork, body) };
    case UpdateKind.finalityUpdate:
      return { kind: 'finalityUpdate', versioned: decodeSsz(network, 'finalityUpdate', fork, body) };
    default:
      throw new MalformedInputError('light client update', `has no known kind: ${bytes[0]}`);
  }
}

function readFork(bytes: Uint8Array, at: number, what: string): BeaconFork {
  const code = bytes[at];
  if (code === undefined) throw new MalformedInputError(`light client ${what}`, 'is cut off');
  const fork = forkOfCode(code);
  if (fork === undefined) throw new LightClientRuleError('unsupported-fork', 0, `no fork has code ${code}`);
  return fork;
}

function forkNamed(kind: string, version: unknown): BeaconFork {
  const fork = BEACON_FORKS.find((one) => one === version);
  if (fork !== undefined) return fork;
  if (typeof version !== 'string')
    throw new MalformedInputError(`light client ${kind}`, 'has a version that is no text');
  throw new LightClientRuleError('unsupported-fork', 0, `the fork ${version.slice(0, 40)} is not known`);
}

/** The fork at the slot of the header that decides it: the attested one, or the bootstrap's. */
function forkOfJson(network: ConsensusNetwork, kind: LightClientKind, data: unknown): BeaconFork {
  const header = isRecord(data) ? data[kind === 'bootstrap' ? 'header' : 'attested_header'] : undefined;
  const beacon = isRecord(header) ? header.beacon : undefined;
  const text = isRecord(beacon) ? beacon.slot : undefined;
  if (typeof text !== 'string' || !/^(0|[1-9][0-9]{0,15})$/.test(text))
    throw new MalformedInputError(`light client ${kind}`, 'has no header with a slot');
  const slot = Number(text);
  const active = forkAt(network, slot);
  if (active === undefined)
    throw new LightClientRuleError('unsupported-fork', slot, 'there are no sync committees before Altair');
  return active.fork;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function attempt<T>(kind: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    // The SSZ library throws plain errors of its own and of the engine: each means that the input has another shape.
    throw new MalformedInputError(
      `light client ${kind}`,
      `does not decode: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`,
      error,
    );
  }
}
