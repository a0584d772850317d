import { SourceUnavailableError } from '../../../adapters/errors.js';
import type { ForeignBlock } from '../../../adapters/source.js';
import type { ForeignHeader } from '../../../adapters/types.js';
import { EmbeddedLog } from '../../../indexers/log/embedded.js';
import { type EventInput, eventOf } from '../../../indexers/log/event.js';
import type { Lease } from '../../../indexers/log/eventLog.js';
import type { BlockRecord } from '../../../indexers/log/records.js';
import type { BlockSource } from '../../../indexers/sinks/contents/writer.js';
import { toBareHex } from '../../../proofs/bytes.js';
import type { KeyValueStore } from '../../../storage/keyValue.js';
import { MemoryStore } from '../../../storage/memory.js';
import { fakeGenesis, fakeHeader, fakeKind } from './fakeKind.js';
import { fakeMainBlock } from './mainBlocks.js';

/** A made-up kind whose blocks are indexed as Bitcoin's are; they have no transactions. */
export const indexedKind = { ...fakeKind, name: 'bitcoin' };

/** A log with one chain that is written by hand, blocks of it, and the streams. */
export class IndexedWorld implements BlockSource {
  readonly store: KeyValueStore;
  readonly log: EmbeddedLog;
  readonly chain: string;
  readonly headers = new Map<string, ForeignHeader>();
  readonly main: BlockRecord[] = [];
  /** Blocks that no source has. */
  readonly lost = new Set<string>();
  best: ForeignHeader[] = [];
  number = 0;
  /** Calls of `fetch`, and the greatest number of them at once. */
  fetches = 0;
  atOnce = 0;
  #running = 0;
  #salt = 0;
  #lease: Lease | undefined;
  #faults = 0;

  constructor(chain = 'bitcoin-fake', store: KeyValueStore = new MemoryStore()) {
    this.chain = chain;
    this.store = store;
    this.log = new EmbeddedLog(store);
  }

  /** As a header book. */
  readonly book = {
    isBest: ({ height, hash }: { readonly height: number; readonly hash: Uint8Array }) => {
      const header = this.best[height - fakeGenesis.height];
      return header !== undefined && toBareHex(header.hash) === toBareHex(hash);
    },
    applied: () => this.number,
    tip: () => this.best.at(-1),
  };

  /** Connects blocks; those in `again` first, as far as they fit, as when a branch comes back. */
  async connect(count: number, again: readonly ForeignHeader[] = []): Promise<void> {
    const events: EventInput[] = [];
    for (let i = 0; i < count; i++) {
      const tip = this.best.at(-1);
      const back = again.find(
        (one) => tip !== undefined && toBareHex(one.parentHash) === toBareHex(tip.hash),
      );
      const header = back ?? (tip === undefined ? fakeGenesis : fakeHeader(tip, ++this.#salt));
      this.headers.set(toBareHex(header.hash), header);
      this.best.push(header);
      events.push(eventOf('connect', header));
    }
    await this.#append(events);
  }

  /** Disconnects blocks, never the first. @returns them, upwards */
  async disconnect(count: number): Promise<ForeignHeader[]> {
    const gone = this.best.splice(Math.max(1, this.best.length - count));
    await this.#append([...gone].reverse().map((header) => eventOf('disconnect', header)));
    return gone;
  }

  /** Publishes main-chain blocks, some of them twice and with other ones in between. */
  async publish(count: number): Promise<void> {
    const stream = this.log.blocks();
    for (let i = 0; i < count; i++) {
      const block = fakeMainBlock(this.main.at(-1));
      const again = this.main.at(-2) ?? block;
      const other = fakeMainBlock(this.main.at(-1), 3);
      this.main.push(block);
      await stream.publish([block, again, block, other]);
    }
    await stream.stop();
  }

  async blame(count: number): Promise<void> {
    const stream = this.log.evidence();
    for (let i = 0; i < count; i++) {
      const fault = {
        kind: 'source-fault',
        source: 's',
        height: this.#faults++,
        hash: '',
        message: 'm',
        seen: 1,
      };
      const record = { chain: this.chain, evidence: new TextEncoder().encode(JSON.stringify(fault)) };
      await stream.publish([record, record, { ...record, evidence: new TextEncoder().encode('[1]') }]);
    }
    await stream.stop();
  }

  async fetch(chain: string, hash: Uint8Array): Promise<ForeignBlock> {
    this.fetches++;
    this.atOnce = Math.max(this.atOnce, ++this.#running);
    await new Promise((resolve) => setImmediate(resolve));
    this.#running--;
    const header = this.headers.get(toBareHex(hash));
    if (header === undefined || this.lost.has(toBareHex(hash)))
      throw new SourceUnavailableError(chain, 'no such block');
    return { header, transactionHashes: [], rawBlock: new Uint8Array(81) };
  }

  async #append(events: readonly EventInput[]): Promise<void> {
    this.#lease ??= await this.log.acquire(this.chain);
    this.number = await this.log.append(this.#lease, this.number + 1, events);
  }
}
