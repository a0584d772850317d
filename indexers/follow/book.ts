import type { SourceTip } from '../../adapters/source.js';
import type { ChainKind, ForeignHeader } from '../../adapters/types.js';
import { bytesEqual, toBareHex, ZERO32 } from '../../proofs/bytes.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { hashedKeys, numberedKeys, Table, tableKey } from '../keys.js';
import { LogCorruptError } from '../log/errors.js';
import type { ChainEvent } from '../log/event.js';
import type { EventLog } from '../log/eventLog.js';
import { checkEvent } from '../log/replay.js';
import { Lru } from '../lru.js';
import {
  BOOK_VERSION,
  type BookHeader,
  type BookState,
  BookStateType,
  decodeBookHeader,
  decodeBookState,
  encodeBookHeader,
} from './bookRecords.js';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const EMPTY: BookState = {
  version: BOOK_VERSION,
  applied: 0,
  hasTip: 0,
  tipHeight: 0,
  tipHash: ZERO32,
  hasFinalized: 0,
  finalizedHeight: 0,
  finalizedHash: ZERO32,
};
const CATCH_UP_EVENTS = 1000;
const CACHED_HEADERS = 8192;

export interface CatchUpOptions {
  readonly signal?: AbortSignal;
  readonly onStep?: () => void;
}

/**
 * What the log says of one chain, for fast lookups: best chain by height, every header that ever was on it by
 * hash, tip, finalised block. Written in the same batch as the events, rebuilt from the log if it lags behind.
 */
export class HeaderBook {
  readonly chain: string;
  readonly #store: KeyValueStore;
  readonly #kind: ChainKind;
  readonly #checkpoint: Checkpoint;
  readonly #bestKey: (height: number) => Uint8Array;
  readonly #headerKey: (hash: Uint8Array) => Uint8Array;
  readonly #decoded = new Lru<string, ForeignHeader>(CACHED_HEADERS);

  constructor(store: KeyValueStore, chain: string, kind: ChainKind, checkpoint: Checkpoint) {
    this.#store = store;
    this.chain = chain;
    this.#kind = kind;
    this.#checkpoint = checkpoint;
    this.#bestKey = numberedKeys(Table.bookBest, chain);
    this.#headerKey = hashedKeys(Table.bookHeader, chain);
  }

  /** Number of the last event that is in the book. */
  applied(): number {
    return this.#state().applied;
  }

  tip(): SourceTip | undefined {
    const state = this.#state();
    return state.hasTip === 1 ? { height: state.tipHeight, hash: state.tipHash } : undefined;
  }

  /** Newest block of the best chain that the chain itself calls final. */
  finalized(): SourceTip | undefined {
    const state = this.#state();
    return state.hasFinalized === 1
      ? { height: state.finalizedHeight, hash: state.finalizedHash }
      : undefined;
  }

  /** Hash on the best chain at `height`. */
  bestHash(height: number): Uint8Array | undefined {
    return this.#store.get(this.#bestKey(height));
  }

  /** Header on the best chain at `height`. */
  header(height: number): ForeignHeader | undefined {
    const hash = this.bestHash(height);
    return hash === undefined ? undefined : this.find(hash);
  }

  /** A header by hash, on the best chain or on a branch that lost. */
  find(hash: Uint8Array): ForeignHeader | undefined {
    const key = toBareHex(hash);
    const cached = this.#decoded.get(key);
    if (cached !== undefined) return cached;
    const stored = this.#stored(hash);
    if (stored === undefined) return undefined;
    const header = this.#kind.decode(stored.raw, stored.height);
    this.#decoded.set(key, header);
    return header;
  }

  /** Whether this block is on the best chain. */
  isBest(block: SourceTip): boolean {
    const hash = this.bestHash(block.height);
    return hash !== undefined && bytesEqual(hash, block.hash);
  }

  /** Total work up to and including the best chain's header at `height`, the checkpoint's included; 0n without work. */
  work(height: number): bigint | undefined {
    const hash = this.bestHash(height);
    return hash === undefined ? undefined : this.#stored(hash)?.work;
  }

  /**
   * The writes that bring the book from its present state over `events`.
   * @throws LogCorruptError if they do not follow
   */
  writes(events: readonly ChainEvent[]): KeyValueWrite[] {
    const best = new Map<number, Uint8Array | undefined>();
    const added = new Map<string, BookHeader>();
    const writes: KeyValueWrite[] = [];
    // Changed in place: there may be thousands of events.
    const state: Mutable<BookState> = { ...this.#state() };
    const hashAt = (height: number) => (best.has(height) ? best.get(height) : this.bestHash(height));
    let last: { readonly hash: Uint8Array; readonly header: BookHeader } | undefined;
    for (const event of events) {
      const tip = state.hasTip === 1 ? { height: state.tipHeight, hash: state.tipHash } : undefined;
      checkEvent({ number: state.applied, tip, hashAt }, event);
      const { height, hash, parentHash } = event;
      state.applied = event.number;
      if (event.type === 'connect') {
        const parent =
          last !== undefined && bytesEqual(last.hash, parentHash)
            ? last.header
            : (added.get(toBareHex(parentHash)) ?? this.#stored(parentHash));
        const header = { height, work: this.#workOf(event, parent), raw: event.raw };
        last = { hash, header };
        added.set(toBareHex(hash), header);
        best.set(height, hash);
        writes.push(
          { type: 'put', key: this.#headerKey(hash), value: encodeBookHeader(header) },
          { type: 'put', key: this.#bestKey(height), value: hash },
        );
        [state.hasTip, state.tipHeight, state.tipHash] = [1, height, hash];
      } else if (event.type === 'disconnect') {
        best.set(height, undefined);
        writes.push({ type: 'del', key: this.#bestKey(height) });
        const below = hashAt(height - 1);
        state.hasTip = below === undefined ? 0 : 1;
        state.tipHeight = below === undefined ? 0 : height - 1;
        state.tipHash = below ?? ZERO32;
        if (state.hasFinalized === 1 && state.finalizedHeight >= height)
          [state.hasFinalized, state.finalizedHeight, state.finalizedHash] = [
            state.hasTip,
            state.tipHeight,
            state.tipHash,
          ];
      } else [state.hasFinalized, state.finalizedHeight, state.finalizedHash] = [1, height, hash];
    }
    writes.push({
      type: 'put',
      key: tableKey(Table.bookState, this.chain),
      value: BookStateType.serialize(state),
    });
    return writes;
  }

  /**
   * Takes in what the log has and the book has not. What a loss of power takes of it is taken in again.
   * @param options `onStep` is called after each piece; no further piece is begun once `signal` aborts
   * @throws LogCorruptError
   */
  async catchUp(log: EventLog, options: CatchUpOptions = {}): Promise<void> {
    while (options.signal?.aborted !== true) {
      const events = await log.read(this.chain, this.applied() + 1, CATCH_UP_EVENTS);
      if (events.length === 0) return;
      await this.#store.batch(this.writes(events), { sync: false });
      options.onStep?.();
    }
  }

  #workOf(event: ChainEvent, parent: BookHeader | undefined): bigint {
    const { height, raw } = event;
    if (height === this.#checkpoint.height) return this.#checkpoint.work;
    const header = this.#kind.decode(raw, height);
    if (!bytesEqual(header.hash, event.hash) || !bytesEqual(header.parentHash, event.parentHash))
      throw new LogCorruptError(this.chain, event.number, 'its header is another block');
    return (parent?.work ?? 0n) + this.#kind.work(header);
  }

  #stored(hash: Uint8Array): BookHeader | undefined {
    const bytes = this.#store.get(this.#headerKey(hash));
    return bytes === undefined ? undefined : decodeBookHeader(bytes);
  }

  #state(): BookState {
    const bytes = this.#store.get(tableKey(Table.bookState, this.chain));
    return bytes === undefined ? EMPTY : decodeBookState(bytes);
  }
}
