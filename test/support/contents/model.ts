import { joinParts } from '../../../adapters/bitcoin/proofs/transaction.js';
import { compactSize } from '../../../adapters/bitcoin/proofs/wire.js';
import { manyOutputs } from '../../../adapters/bitcoin/testing/segwit.js';
import { integerBytes } from '../../../adapters/ethereum/rlp/read.js';
import { encodeRlp } from '../../../adapters/ethereum/rlp/rlp.js';
import type { ForeignHeader } from '../../../adapters/types.js';
import type { ChainEvent } from '../../../indexers/log/event.js';
import { bitcoinContents } from '../../../indexers/store/contents/bitcoin.js';
import type {
  BlockContents,
  EthereumContents,
  EthereumTransactionRow,
} from '../../../indexers/store/contents/blockContents.js';
import { concatBytes, ZERO32 } from '../../../proofs/bytes.js';
import { named, sampleScript } from './sample.js';

/** One block of the model: what it has is a function of its id. */
export interface ModelBlock {
  readonly id: number;
  readonly height: number;
  readonly hash: Uint8Array;
  readonly time: number;
}

/** What happens to the best chain. */
export type Step =
  /** A block that was never there. */
  | { readonly type: 'new' }
  /** So many blocks are undone. */
  | { readonly type: 'undo'; readonly depth: number }
  /** A block that was undone comes back on top, where it fits. */
  | { readonly type: 'again' };

/** A chain with its whole past: events, and the best chain after each of them. */
export class ModelChain {
  readonly events: ChainEvent[] = [];
  /** Best chain after event `number`, at index `number`. */
  readonly best: (readonly ModelBlock[])[] = [[]];
  readonly blocks = new Map<string, ModelBlock>();
  /** Number of each block's first connect. */
  readonly first = new Map<number, number>();
  #undone: ModelBlock[] = [];

  constructor(
    readonly chain: string,
    steps: readonly Step[],
  ) {
    let id = 0;
    for (const step of steps) {
      const now = this.now;
      if (step.type === 'undo') for (let i = 0; i < step.depth; i++) this.#disconnect();
      else {
        const again = this.#undone.find(({ height }) => height === now.length + 1);
        if (step.type === 'again' && again !== undefined) this.#connect(again);
        else {
          id++;
          const height = now.length + 1;
          this.#connect({ id, height, hash: named(90, id, 32), time: 1000 * height + id });
        }
      }
    }
  }

  get now(): readonly ModelBlock[] {
    return this.best.at(-1) ?? [];
  }

  #connect(block: ModelBlock): void {
    this.#undone = this.#undone.filter(({ id }) => id !== block.id);
    this.blocks.set(String(block.hash), block);
    if (!this.first.has(block.id)) this.first.set(block.id, this.events.length + 1);
    this.#event('connect', block, [...this.now, block]);
  }

  #disconnect(): void {
    const block = this.now.at(-1);
    if (block === undefined) return;
    this.#undone.push(block);
    this.#event('disconnect', block, this.now.slice(0, -1));
  }

  #event(
    type: 'connect' | 'disconnect',
    { height, hash, time }: ModelBlock,
    best: readonly ModelBlock[],
  ): void {
    const parentHash = best[height - 2]?.hash ?? ZERO32;
    const number = this.events.length + 1;
    this.events.push({
      type,
      chain: this.chain,
      number,
      epoch: 1,
      height,
      hash,
      parentHash,
      time,
      raw: ZERO32,
    });
    this.best.push(best);
  }
}

export const SCRIPTS = 3;

/** Raw transactions of a Bitcoin block: the same transactions may be in blocks of several branches. */
export function modelTransactions({ id, height }: ModelBlock): Uint8Array[] {
  // The first depends on the block, the others on height alone, so that branches share them.
  return [id * 1000, -height, -height - 500].map((salt, i) => {
    const spent = i === 0 ? named(91, salt, 32) : modelTxid(-(height - i));
    const stripped = manyOutputs(
      [[spent, i % 2]],
      [
        [BigInt(1000 + i), sampleScript(Math.abs(salt) % SCRIPTS)],
        [BigInt(2000 + Math.abs(salt)), sampleScript(i)],
      ],
      Uint8Array.of(i, height),
    );
    return joinParts({ stripped, witness: Uint8Array.of(1, 2, i, height) });
  });
}

const txids = new Map<number, Uint8Array>();
/** Where the chain of spends points: not a transaction that exists for heights below 1. */
function modelTxid(salt: number): Uint8Array {
  return txids.get(salt) ?? named(92, Math.abs(salt), 32);
}

/** Contents of a Bitcoin block. @param number of its first connect */
export async function bitcoinModel(chain: string, block: ModelBlock, number: number): Promise<BlockContents> {
  const raws = modelTransactions(block);
  const rawBlock = concatBytes(new Uint8Array(80), compactSize(raws.length), ...raws);
  const header: ForeignHeader = {
    height: block.height,
    hash: block.hash,
    parentHash: ZERO32,
    transactionsRoot: ZERO32,
    receiptsRoot: ZERO32,
    stateRoot: ZERO32,
    time: block.time,
    raw: ZERO32,
  };
  const event = { ...header, type: 'connect' as const, chain, number, epoch: 1 };
  const contents = await bitcoinContents(event, { header, transactionHashes: [], rawBlock });
  const shared = contents.transactions[1];
  if (shared !== undefined) txids.set(-block.height, shared.txid);
  return contents;
}

export function modelToken(n: number): Uint8Array {
  return named(93, n, 20);
}
export function modelTopic(n: number): Uint8Array {
  return named(94, n, 32);
}

/** Contents of an Ethereum block: two transactions of its own and one that blocks of the same height share. */
export function ethereumModel(chain: string, block: ModelBlock, number: number): EthereumContents {
  const { id, height, hash, time } = block;
  const transactions = [id * 1000, id * 1000 + 1, -height].map((salt, position): EthereumTransactionRow => {
    const creates = position === 1;
    const from = modelToken(Math.abs(salt) % 3);
    const to = creates ? undefined : modelToken(3 + (Math.abs(salt) % 2));
    const fields = [1, Math.abs(salt), 1, 2, 21_000].map(integerBytes);
    const body = [
      to ?? new Uint8Array(0),
      integerBytes(5),
      named(95, salt, 3),
      [],
      integerBytes(1),
      ZERO32,
      ZERO32,
    ];
    const raw = concatBytes(Uint8Array.of(2), encodeRlp([...fields, ...body]));
    return {
      hash: named(96, salt, 32),
      type: 2,
      nonce: BigInt(Math.abs(salt)),
      from,
      to,
      created: creates ? named(97, salt, 20) : undefined,
      value: 5n,
      gas: 21_000n,
      maxFeePerGas: 2n,
      maxPriorityFeePerGas: 1n,
      maxFeePerBlobGas: undefined,
      effectiveGasPrice: 2n,
      raw,
      succeeded: salt % 3 !== 0,
      stateRoot: undefined,
      gasUsed: 21_000n,
      cumulativeGasUsed: 21_000n * BigInt(position + 1),
      logs: Array.from({ length: position }, (_, i) => ({
        address: modelToken(Math.abs(salt + i) % 2),
        topics: [modelTopic(i), modelTopic(5 + (height % 2))].slice(0, 1 + (id % 2)),
        data: named(98, id, id % 7),
      })),
    };
  });
  return { kind: 'ethereum', chain, number, height, blockHash: hash, time, transactions };
}
