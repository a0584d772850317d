import { encodeRlp } from '../../adapters/ethereum/rlp/rlp.js';
import type { ForeignBlock } from '../../adapters/source.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { type ChainEvent, type EventInput, eventOf } from '../../indexers/log/event.js';
import { bitcoinContents } from '../../indexers/store/contents/bitcoin.js';
import type {
  BitcoinContents,
  EthereumContents,
  EthereumLogRow,
  EthereumTransactionRow,
} from '../../indexers/store/contents/blockContents.js';
import { concatBytes } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';

/** Made-up, well-formed and always the same: what a seed decides. */
export class Synthetic {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    const view = new DataView(out.buffer);
    for (let i = 0; i + 4 <= length; i += 4) view.setUint32(i, this.below(2 ** 32 - 1));
    return out;
  }
}

const GENESIS_TIME = 1_300_000_000;

/** Linked 80-byte headers from height 0 on, ten minutes apart, each hashed as Bitcoin does. */
export function headerEvents(count: number): EventInput[] {
  const events: EventInput[] = [];
  let parentHash: Uint8Array = new Uint8Array(32);
  for (let height = 0; height < count; height++) {
    const raw = new Uint8Array(80);
    const view = new DataView(raw.buffer);
    view.setUint32(0, 0x20000000, true);
    raw.set(parentHash, 4);
    for (let i = 36; i < 68; i += 4) view.setUint32(i, Math.imul(height + i, 2654435761));
    const time = GENESIS_TIME + 600 * height;
    view.setUint32(68, time, true);
    view.setUint32(72, 0x1d00ffff, true);
    view.setUint32(76, height, true);
    const hash = sha256d(raw);
    events.push(eventOf('connect', { height, hash, parentHash, time, raw } as ForeignHeader));
    parentHash = hash;
  }
  return events;
}

/** As the log would have them. */
export function numbered(chain: string, events: readonly EventInput[]): ChainEvent[] {
  return events.map((event, i) => ({ ...event, chain, number: i + 1, epoch: 1 }));
}

function le(value: number | bigint, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  let rest = BigInt(value);
  for (let i = 0; i < bytes; i++, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
}
const compact = (value: number) =>
  value < 0xfd ? Uint8Array.of(value) : concatBytes(Uint8Array.of(0xfd), le(value, 2));

export interface MadeBitcoin {
  readonly contents: readonly BitcoinContents[];
  /** As sources give them, to be read again. */
  readonly blocks: readonly ForeignBlock[];
  readonly transactions: number;
}

/** Scripts that are paid again and again; their share of outputs is a tenth. */
export const BUSY_SCRIPTS = 100;
const busyScripts = Array.from({ length: BUSY_SCRIPTS }, (_, i) =>
  concatBytes(Uint8Array.of(0x00, 0x14), new Synthetic(1000 + i).bytes(20)),
);
export const busyScript = (i: number): Uint8Array => busyScripts[i]!;

/**
 * Contents of the first blocks of these events: a coinbase, then SegWit transactions of one or two inputs and two outputs, of
 * which nine in ten pay a script of their own. Inputs spend outputs of the block before.
 */
export async function bitcoinBlocks(
  events: readonly ChainEvent[],
  perBlock: number,
  random: Synthetic,
): Promise<MadeBitcoin> {
  const contents: BitcoinContents[] = [];
  const blocks: ForeignBlock[] = [];
  let before: Uint8Array[] = Array.from({ length: perBlock }, () => random.bytes(32));
  for (const event of events) {
    const hashes: Uint8Array[] = [];
    const raws: Uint8Array[] = [];
    for (let i = 0; i < perBlock; i++) {
      const inputs = i === 0 ? 1 : 1 + random.below(2);
      const spends = Array.from({ length: inputs }, (_, n) =>
        i === 0
          ? concatBytes(
              new Uint8Array(32),
              le(0xffffffff, 4),
              Uint8Array.of(4),
              le(event.height, 4),
              le(0xffffffff, 4),
            )
          : concatBytes(before[i]!, le(n, 4), Uint8Array.of(0), le(0xfffffffd, 4)),
      );
      const outputs = Array.from({ length: 2 }, () => {
        const own = concatBytes(Uint8Array.of(0x00, 0x14), random.bytes(20));
        const script = random.below(10) === 0 ? busyScript(random.below(BUSY_SCRIPTS)) : own;
        return concatBytes(le(1000 + random.below(1_000_000_000), 8), Uint8Array.of(script.length), script);
      });
      const body = concatBytes(Uint8Array.of(inputs), ...spends, Uint8Array.of(2), ...outputs);
      const witness = Array.from({ length: inputs }, () =>
        concatBytes(Uint8Array.of(2, 72), random.bytes(72), Uint8Array.of(33), random.bytes(33)),
      );
      hashes.push(sha256d(concatBytes(le(2, 4), body, le(0, 4))));
      raws.push(concatBytes(le(2, 4), Uint8Array.of(0, 1), body, ...witness, le(0, 4)));
    }
    const rawBlock = concatBytes(event.raw, compact(perBlock), ...raws);
    const block = { header: event, transactionHashes: hashes, rawBlock } as unknown as ForeignBlock;
    contents.push(await bitcoinContents(event, block));
    blocks.push(block);
    before = hashes;
  }
  return { contents, blocks, transactions: perBlock * events.length };
}

/** Contracts whose logs are asked for, and the first topic of all logs. */
export const CONTRACTS = 200;
const contracts = Array.from({ length: CONTRACTS }, (_, i) => new Synthetic(5000 + i).bytes(20));
export const contract = (i: number): Uint8Array => contracts[i]!;
export const TRANSFER = new Synthetic(7).bytes(32);
/** Accounts that send again and again. */
export const ACCOUNTS = 2000;
const accounts = Array.from({ length: ACCOUNTS }, (_, i) => new Synthetic(9000 + i).bytes(20));
export const account = (i: number): Uint8Array => accounts[i]!;

/** A transaction of type 2 (EIP-1559) that calls a token's transfer; its signature is made up. */
function rawTransaction(nonce: number, to: Uint8Array, random: Synthetic): Uint8Array {
  const input = concatBytes(Uint8Array.of(0xa9, 0x05, 0x9c, 0xbb), new Uint8Array(12), random.bytes(52));
  const fields = [
    le(1, 1),
    minimal(nonce),
    minimal(1e9),
    minimal(3e10),
    minimal(100_000),
    to,
    new Uint8Array(),
  ];
  const signature = [new Uint8Array(), random.bytes(32), random.bytes(32)];
  return concatBytes(Uint8Array.of(2), encodeRlp([...fields, input, [], ...signature]));
}

/** Big-endian without leading zeros, as RLP has numbers. */
function minimal(value: number): Uint8Array {
  const hex = value === 0 ? '' : value.toString(16);
  return Buffer.from(hex.length % 2 === 1 ? `0${hex}` : hex, 'hex');
}

/** Contents of Ethereum blocks: calls of contracts, each with so many logs of three topics and 32 bytes. */
export function ethereumBlocks(
  events: readonly ChainEvent[],
  perBlock: number,
  logs: number,
  random: Synthetic,
): EthereumContents[] {
  return events.map(({ chain, number, height, hash: blockHash, time }) => ({
    ...{ kind: 'ethereum' as const, chain, number, height, blockHash, time },
    transactions: Array.from({ length: perBlock }, (_, i): EthereumTransactionRow => {
      const to = contract(random.below(CONTRACTS));
      return {
        ...{
          hash: random.bytes(32),
          type: 2,
          nonce: BigInt(height),
          from: account(random.below(ACCOUNTS)),
          to,
        },
        ...{
          created: undefined,
          value: BigInt(random.below(2 ** 31)),
          gas: 100_000n,
          maxFeePerGas: 30_000_000_000n,
        },
        ...{ maxPriorityFeePerGas: 1_000_000_000n, maxFeePerBlobGas: undefined },
        ...{
          effectiveGasPrice: 20_000_000_000n,
          raw: rawTransaction(height, to, random),
          succeeded: true,
          stateRoot: undefined,
        },
        ...{ gasUsed: 60_000n, cumulativeGasUsed: 60_000n * BigInt(i + 1) },
        logs: Array.from(
          { length: logs },
          (): EthereumLogRow => ({
            address: to,
            topics: [TRANSFER, topic(random.below(ACCOUNTS)), topic(random.below(ACCOUNTS))],
            data: random.bytes(32),
          }),
        ),
      };
    }),
  }));
}

/** An account as a topic. */
export function topic(i: number): Uint8Array {
  const out = new Uint8Array(32);
  out.set(account(i), 12);
  return out;
}
