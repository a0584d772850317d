import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { bytesEqual, compareBytes } from '../../../proofs/bytes.js';
import { ListCompositeType } from '../../../proofs/containers/lists.js';
import { Account as Address, Bytes32 } from '../../../proofs/containers/primitives.js';
import { LimitExceededError } from '../../../proofs/errors/input.js';
import { bloomOf } from '../rules/bloom.js';
import type { EthereumLog } from './receipt.js';

/** Most contracts, and most topics of one place, in a filter. */
export const MAX_ALTERNATIVES = 64;
/** A log has no more (Yellow Paper, LOG0 to LOG4). */
export const MAX_TOPICS = 4;

/**
 * Which logs are meant, as in `eth_getLogs`: by one of these contracts (none given: by any), and at each given place one of
 * these topics (none given: any, but there has to be one). Alternatives ascend, each once.
 */
export const LogFilterType = new ContainerType(
  {
    addresses: new ListCompositeType(Address, MAX_ALTERNATIVES),
    topics: new ListCompositeType(new ListCompositeType(Bytes32, MAX_ALTERNATIVES), MAX_TOPICS),
  },
  { typeName: 'EthereumLogFilter', jsonCase: 'eth2' },
);
export type LogFilter = ValueOf<typeof LogFilterType>;

/** The one form of a filter: alternatives sorted, each once. @throws LimitExceededError */
export function logFilter(
  addresses: readonly Uint8Array[],
  topics: readonly (readonly Uint8Array[])[],
): LogFilter {
  if (topics.length > MAX_TOPICS)
    throw new LimitExceededError('places of topics in a filter', topics.length, MAX_TOPICS);
  return { addresses: sorted(addresses), topics: topics.map(sorted) };
}

function sorted(list: readonly Uint8Array[]): Uint8Array[] {
  const ascending = [...list].sort(compareBytes);
  const once = ascending.filter((item, i) => i === 0 || compareBytes(ascending[i - 1] ?? item, item) < 0);
  if (once.length > MAX_ALTERNATIVES)
    throw new LimitExceededError('alternatives in a filter', once.length, MAX_ALTERNATIVES);
  return once;
}

/** Whether a filter is in its one form. */
export function isCanonical({ addresses, topics }: LogFilter): boolean {
  return [addresses, ...topics].every((list) =>
    list.every((item, i) => i === 0 || compareBytes(list[i - 1] ?? item, item) < 0),
  );
}

/** go-ethereum `eth/filters`, `filterLogs`. */
export function matches({ addresses, topics }: LogFilter, log: EthereumLog): boolean {
  const isOneOf = (list: readonly Uint8Array[], value: Uint8Array | undefined) =>
    list.length === 0 || (value !== undefined && list.some((one) => bytesEqual(one, value)));
  if (topics.length > log.topics.length) return false;
  return isOneOf(addresses, log.address) && topics.every((list, i) => isOneOf(list, log.topics[i]));
}

/**
 * Whether a block can have no such log, going by the bloom in its header: a log sets the bits of its address and of each of
 * its topics. `false` says nothing.
 */
export function bloomExcludes(filter: LogFilter, bloom: Uint8Array): boolean {
  return exclusionBy(filter)(bloom);
}

/** As `bloomExcludes`, for many blooms. */
export function exclusionBy({ addresses, topics }: LogFilter): (bloom: Uint8Array) => boolean {
  // The three bits of a value are the same as an address or as a topic.
  const bits = (list: readonly Uint8Array[]) =>
    list.map((value) => bloomOf([{ address: value, topics: [] }]));
  const needed = [addresses, ...topics].filter((list) => list.length > 0).map(bits);
  return (bloom) =>
    bloom.every((byte) => byte === 0) ||
    needed.some((alternatives) => !alternatives.some((one) => contains(bloom, one)));
}

function contains(bloom: Uint8Array, bits: Uint8Array): boolean {
  return bits.every((byte, i) => ((bloom[i] ?? 0) & byte) === byte);
}
