import { logFilter } from '../../../adapters/ethereum/proofs/filter.js';
import { toBareHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import type { Parameters } from '../sql/client.js';
import type { LogQuery, TopicFilter } from './types.js';

/**
 * Parameters of `queries.logs`, and how many contracts and alternatives of each topic they are.
 * @throws MalformedInputError, LimitExceededError
 */
export function logParameters({ addresses = [], topics = [], from = 0, to }: LogQuery): {
  readonly parameters: Parameters;
  readonly addresses: number;
  readonly topics: readonly number[];
} {
  const places = topics.map(alternatives);
  for (const address of addresses) assertLength(address, 'address', 20);
  for (const topic of places.flat()) assertLength(topic, 'topic', 32);
  const filter = logFilter(addresses, places);
  const parameters: Record<string, string | number> = { from, to: to ?? Number.MAX_SAFE_INTEGER };
  for (const [i, address] of filter.addresses.entries()) parameters[`address${i}`] = toBareHex(address);
  for (const [place, list] of filter.topics.entries())
    for (const [i, topic] of list.entries()) parameters[`topic${place}_${i}`] = toBareHex(topic);
  return {
    parameters,
    addresses: filter.addresses.length,
    topics: filter.topics.map(({ length }) => length),
  };
}

function alternatives(topic: TopicFilter): readonly Uint8Array[] {
  if (topic === null) return [];
  return topic instanceof Uint8Array ? [topic] : topic;
}

function assertLength(bytes: Uint8Array, what: string, length: number): void {
  if (bytes.length !== length)
    throw new MalformedInputError(what, `has ${bytes.length} bytes, expected ${length}`);
}
