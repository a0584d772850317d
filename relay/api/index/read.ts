import { parseBitcoinAddress } from '../../../adapters/bitcoin/address.js';
import { parseEthereumAddress } from '../../../adapters/ethereum/address.js';
import { logFilter } from '../../../adapters/ethereum/proofs/filter.js';
import type { LogQuery, Outpoint } from '../../../indexers/store/contents/types.js';
import { MAX_STEPS } from '../../../indexers/store/view.js';
import { fromHex } from '../../../proofs/bytes.js';
import { ChainKindCode } from '../../../proofs/containers/spec.js';
import type { IndexedChain } from '../context.js';
import { BadRequestError } from '../errors.js';
import { MAX_BARE_RANGE } from './questions.js';

/** @throws BadRequestError for a chain without outputs */
export function needBitcoin({ name, kind }: IndexedChain): void {
  if (kind.code !== ChainKindCode.bitcoin)
    throw new BadRequestError(`${name} is no Bitcoin chain: it has no outputs`);
}

/** @throws BadRequestError for a chain without accounts and logs */
export function needEthereum({ name, kind }: IndexedChain): void {
  if (kind.code !== ChainKindCode.ethereum)
    throw new BadRequestError(`${name} is no Ethereum chain: it has no accounts, receipts or logs`);
}

/** The script that a question names, itself or by its address. @throws BadRequestError, MalformedInputError */
export function scriptOf(
  { name }: IndexedChain,
  { script, address }: { readonly script?: string | undefined; readonly address?: string | undefined },
): Uint8Array {
  if (script !== undefined && address !== undefined)
    throw new BadRequestError('script and address: one of them');
  if (script !== undefined) return fromHex(script, 'script');
  if (address !== undefined) return parseBitcoinAddress(name, address);
  throw new BadRequestError('script or address: must be given');
}

/** `txid:n`. @throws BadRequestError, MalformedInputError */
export function outpointOf({ kind }: IndexedChain, text: string): Outpoint {
  const [, txid, vout] = /^(.*):(\d{1,10})$/.exec(text) ?? [];
  if (txid === undefined || Number(vout) > 0xffff_ffff)
    throw new BadRequestError('outpoint: must be a transaction, a colon and the number of its output');
  return { txid: kind.parseHash(txid), vout: Number(vout) };
}

interface LogQuestion {
  readonly address?: string | undefined;
  readonly topic?: readonly string[] | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/**
 * Which logs are meant, as `eth_getLogs` has it.
 * @throws BadRequestError, MalformedInputError, LimitExceededError
 */
export function logsOf({ address, topic = [], from, to }: LogQuestion): LogQuery {
  const places = topic.map((place) =>
    place === 'any' || place === 'null' ? [] : place.split(',').map((one) => topicOf(one)),
  );
  // A last place that takes any topic still wants one there: as proofs of logs have it.
  const filter = logFilter(address === undefined ? [] : address.split(',').map(parseEthereumAddress), places);
  checkRange(from, to);
  if (filter.addresses.length === 0 && filter.topics.every((place) => place.length === 0)) {
    if (from === undefined || to === undefined || to - from >= MAX_BARE_RANGE)
      throw new BadRequestError(
        `without an address or a topic, from and to must be given and span at most ${MAX_BARE_RANGE} heights`,
      );
  }
  return {
    addresses: filter.addresses,
    topics: filter.topics.map((place) => (place.length === 0 ? null : place)),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function topicOf(text: string): Uint8Array {
  if (!text.startsWith('0x'))
    throw new BadRequestError(`topic: is any, or hex with 0x: ${text.slice(0, 80)}`);
  return fromHex(text, 'topic', 32);
}

/** @throws BadRequestError */
export function checkRange(from: number | undefined, to: number | undefined): void {
  if (from !== undefined && to !== undefined && from > to)
    throw new BadRequestError('from: must not be above to');
}

export interface Steps {
  /** Unix seconds. */
  readonly from: number;
  /** Unix seconds, exclusive. */
  readonly to: number;
  /** Seconds. */
  readonly step: number;
}

const DAY = 86_400;

/** A range of time in steps. @param now Unix seconds @throws BadRequestError */
export function stepsOf(
  query: { readonly [name in keyof Steps]?: Steps[name] | undefined },
  now: number,
): Steps {
  const { to = now + 1, from = Math.max(0, to - DAY) } = query;
  if (from >= to) throw new BadRequestError('from: must be before to');
  const step = query.step ?? Math.max(1, Math.ceil((to - from) / 100));
  if ((to - from) / step > MAX_STEPS)
    throw new BadRequestError(`step: makes more than ${MAX_STEPS} steps of this range`);
  return { from, to, step };
}
