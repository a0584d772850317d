import { toBareHex } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import type { Parameters } from '../sql/client.js';
import type { LogQuery, TopicFilter } from './types.js';

/** Contracts, or alternatives of one topic, that a question may name. */
export const MAX_ALTERNATIVES = 64;
const MAX_TOPICS = 4;

/**
 * Parameters of `queries.logs`, and how many contracts and alternatives of each topic they are.
 * @throws MalformedInputError, LimitExceededError
 */
export function logParameters({ addresses = [], topics = [], from = 0, to }: LogQuery): {
  readonly parameters: Parameters;
  readonly addresses: number;
  readonly topics: readonly number[];
} {
  if (topics.length > MAX_TOPICS) throw new LimitExceededError('topics', topics.length, MAX_TOPICS);
  const contracts = unique(addresses, 'address', 20);
  const places = topics.map((topic) => unique(alternatives(topic), 'topic', 32));
  const parameters: Record<string, string | number> = { from, to: to ?? Number.MAX_SAFE_INTEGER };
  for (const [i, address] of contracts.entries()) parameters[`address${i}`] = address;
  for (const [place, list] of places.entries())
    for (const [i, topic] of list.entries()) parameters[`topic${place}_${i}`] = topic;
  return { parameters, addresses: contracts.length, topics: places.map(({ length }) => length) };
}

function alternatives(topic: TopicFilter): readonly Uint8Array[] {
  if (topic === null) return [];
  return topic instanceof Uint8Array ? [topic] : topic;
}

/** Bare hex of each, once. */
function unique(list: readonly Uint8Array[], what: string, length: number): string[] {
  if (list.length > MAX_ALTERNATIVES)
    throw new LimitExceededError(`alternatives of one ${what}`, list.length, MAX_ALTERNATIVES);
  for (const one of list)
    if (one.length !== length)
      throw new MalformedInputError(what, `has ${one.length} bytes, expected ${length}`);
  return [...new Set(list.map(toBareHex))];
}
