import type { ChainEvent } from '../../../indexers/log/event.js';
import { joined } from '../../../indexers/sinks/contents/ranges.js';
import type { BlockContents } from '../../../indexers/store/contents/blockContents.js';
import type {
  IndexedEvidence,
  IndexedHeader,
  IndexReader,
  IndexSets,
  IndexStore,
  IndexWriter,
  MainBlockContents,
  Reorganisation,
  SetWriter,
} from '../../../indexers/store/indexStore.js';
import type { NumberRange, View } from '../../../indexers/store/view.js';
import { bytesEqual, toBareHex } from '../../../proofs/bytes.js';
import { CrashError } from './crashStore.js';

/** One set's tables. */
class Tables {
  readonly events = new Map<string, ChainEvent[]>();
  readonly contents = new Map<string, BlockContents>();
  readonly published = new Map<string, NumberRange[]>();
  readonly main = new Map<number, MainBlockContents>();
  readonly evidence = new Map<string, IndexedEvidence>();
  readonly positions = new Map<string, number>();

  eventsOf(chain: string): ChainEvent[] {
    const known = this.events.get(chain) ?? [];
    this.events.set(chain, known);
    return known;
  }
}

/** Where a process dies. */
export interface Crash {
  /** At its n-th write, from 1. */
  readonly at: number;
  /** After the write had its effect. */
  readonly after: boolean;
}

/** An index in memory, as a server that processes write to and that outlives them. For the tests of sinks. */
export class MemoryIndex {
  readonly sets = new Map<number, Tables>([[1, new Tables()]]);
  current = 1;
  samples = { sources: 0, lags: 0, proofs: 0 };
  /** Blocks of each write of contents. */
  readonly writes: BlockContents[][] = [];

  get tables(): Tables {
    return this.sets.get(this.current)!;
  }

  /** What a reader sees of the set in use: for comparison. */
  visible() {
    const { events, contents, published, main, evidence } = this.tables;
    const rows = [...contents].filter(([key, { number }]) => {
      const ranges = published.get(key.split('/')[0] ?? '') ?? [];
      return ranges.some(({ from, to }) => from <= number && number <= to);
    });
    const sorted = <V>(map: Iterable<readonly [unknown, V]>) =>
      [...map].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    return {
      events: sorted(events),
      contents: sorted(rows),
      published: sorted(published).map(([chain, ranges]) => [chain, joined(ranges)]),
      main: [...main].sort(([a], [b]) => a - b),
      evidence: sorted(evidence),
    };
  }

  /** One process's connection. */
  client(crash?: Crash): MemoryClient {
    return new MemoryClient(this, crash);
  }
}

/** A process's way to the index; dead after its crash. */
export class MemoryClient {
  readonly #index: MemoryIndex;
  readonly #crash: Crash | undefined;
  #writes = 0;
  dead = false;

  constructor(index: MemoryIndex, crash: Crash | undefined) {
    this.#index = index;
    this.#crash = crash;
  }

  /** All that sinks use of an index store. */
  get store(): IndexStore {
    const { sets } = this;
    const reader: Pick<IndexReader, 'view' | 'header' | 'reorganisations'> = {
      view: async (chain, at) => {
        const events = this.#alive(this.#index.tables).eventsOf(chain);
        return viewAt(chain, events, at ?? events.length);
      },
      header: async (chain, hash, at) => {
        const events = this.#alive(this.#index.tables).eventsOf(chain);
        const number = at ?? events.length;
        const of = events.slice(0, number).filter((event) => bytesEqual(event.hash, hash));
        const newest = of.at(-1);
        return {
          view: viewAt(chain, events, number),
          row: newest && headerRow(newest),
        };
      },
      reorganisations: async (chain, { limit, cursor }) => {
        const events = this.#alive(this.#index.tables).eventsOf(chain);
        const found = reorganisations(events).reverse();
        const from = Number(cursor ?? 0);
        const next = from + limit < found.length ? String(from + limit) : undefined;
        return {
          view: viewAt(chain, events, events.length),
          rows: found.slice(from, from + limit),
          ...(next === undefined ? {} : { next }),
        };
      },
    };
    const writer = this.#writer(() => this.#index.tables);
    return { ...writer, ...reader, sets, close: async () => undefined } as unknown as IndexStore;
  }

  readonly sets: IndexSets = {
    current: async () => this.#alive(this.#index.current),
    writer: async () => this.#setWriter(this.#alive(this.#index.current)),
    newSet: () =>
      this.#write(() => {
        const { sets, current } = this.#index;
        for (const number of sets.keys()) if (number > current) sets.delete(number);
        sets.set(current + 1, new Tables());
        return this.#setWriter(current + 1);
      }),
    swap: ({ set }) =>
      this.#write(() => {
        this.#index.current = set;
      }),
    copyContents: (to, chain, { from, to: last }) =>
      this.#write(() => {
        const target = this.#index.sets.get(to.set);
        for (const [key, row] of this.#index.tables.contents)
          if (key.startsWith(`${chain}/`) && row.number >= from && row.number <= last)
            target?.contents.set(key, row);
      }),
    dropOld: async () => 0,
    rebuildNeeded: async () => false,
  };

  #setWriter(set: number): SetWriter {
    const tables = this.#index.sets.get(set)!;
    return {
      ...this.#writer(() => tables),
      set,
      mend: async (chain) => {
        const events: (ChainEvent | undefined)[] = this.#alive(tables).eventsOf(chain);
        // What was lost is a hole.
        const there = events.indexOf(undefined);
        return { events: there < 0 ? 0 : events.splice(there).length, blocks: 0, records: 0 };
      },
      mendRecords: async () => {
        const { main, positions } = this.#alive(tables);
        const heights = [...main.keys()].sort((a, b) => a - b);
        const missing = heights.findIndex((height, i) => height !== i);
        const lost = missing < 0 ? [] : heights.slice(missing);
        for (const height of lost) main.delete(height);
        if (lost.length > 0) positions.set('main', 0);
        return { events: 0, blocks: 0, records: lost.length };
      },
      mainRoots: async ({ from, to }) =>
        this.#alive(
          new Map(
            [...tables.main]
              .filter(([height]) => height >= from && height <= to)
              .map(([height, { block }]) => [height, block.root]),
          ),
        ),
    };
  }

  #writer(tables: () => Tables): IndexWriter {
    const { samples } = this.#index;
    return {
      writeEvents: (chain, events) =>
        this.#write(() => {
          const known = tables().eventsOf(chain);
          if ((events[0]?.number ?? 1) > known.length + 1) throw new RangeError('a gap');
          for (const event of events) known[event.number - 1] = event;
        }),
      lastNumber: async (chain) => this.#alive(tables().eventsOf(chain).length),
      writeContents: async (chain, blocks) => {
        // Block by block: a crash leaves some of them.
        for (const block of blocks)
          await this.#write(
            () => void tables().contents.set(`${chain}/${toBareHex(block.blockHash)}`, block),
          );
        this.#index.writes.push([...blocks]);
      },
      publishContents: (chain, range) =>
        this.#write(() => {
          const { published } = tables();
          published.set(chain, [...(published.get(chain) ?? []), range]);
        }),
      contentsProgress: async (chain) => this.#alive(joined(tables().published.get(chain) ?? [])),
      writeMainBlocks: (blocks) =>
        this.#write(() => {
          for (const row of blocks) tables().main.set(row.block.height, row);
        }),
      mainRoot: async (height) => {
        const { main } = this.#alive(tables());
        const found = main.get(height ?? Math.max(...main.keys()))?.block;
        return found && { height: found.height, root: found.root };
      },
      certifiedHeader: async () => {
        const { main } = this.#alive(tables());
        const verified = [...main.values()].filter(({ certificate }) => certificate?.verified === true);
        return verified.sort((a, b) => a.block.height - b.block.height).at(-1)?.block.header;
      },
      writeEvidence: (rows) =>
        this.#write(() => {
          for (const row of rows) tables().evidence.set(`${row.chain}/${toBareHex(row.id)}`, row);
        }),
      writeSourceSamples: (rows) =>
        this.#write(() => {
          samples.sources += rows.length;
        }),
      writeLagSamples: (rows) =>
        this.#write(() => {
          samples.lags += rows.length;
        }),
      writeProofs: (rows) =>
        this.#write(() => {
          samples.proofs += rows.length;
        }),
      position: async (stream) => this.#alive(tables().positions.get(stream) ?? 0),
      writePosition: (stream, next) => this.#write(() => void tables().positions.set(stream, next)),
    };
  }

  #alive<T>(value: T): T {
    if (this.dead) throw new CrashError('dead');
    return value;
  }

  async #write<T>(effect: () => T): Promise<T> {
    this.#alive(undefined);
    await Promise.resolve();
    const dies = ++this.#writes === this.#crash?.at;
    if (!dies) return this.#alive(effect)();
    if (this.#crash?.after === true) effect();
    this.dead = true;
    throw new CrashError('killed');
  }
}

function viewAt(chain: string, events: readonly ChainEvent[], number: number): View {
  const newest = events.slice(0, number).findLast(({ type }) => type !== 'finalize');
  if (newest === undefined) return { chain, number, height: 0, hash: new Uint8Array(32) };
  const undone = newest.type === 'disconnect';
  const height = undone ? newest.height - 1 : newest.height;
  return { chain, number, height, hash: undone ? newest.parentHash : newest.hash };
}

function headerRow({ height, hash, parentHash, time, raw, number, type }: ChainEvent): IndexedHeader {
  return { height, hash, parentHash, time, raw, number, canonical: type !== 'disconnect' };
}

function reorganisations(events: readonly ChainEvent[]): Reorganisation[] {
  const found: Reorganisation[] = [];
  let last: ChainEvent | undefined;
  for (const event of events) {
    if (event.type === 'disconnect') {
      const before = found.at(-1);
      if (last?.type === 'disconnect' && before !== undefined)
        found[found.length - 1] = { ...before, depth: before.depth + 1, forkHeight: event.height - 1 };
      else
        found.push({
          ...{ number: event.number, forkHeight: event.height - 1, depth: 1 },
          ...{ oldTipHeight: event.height, oldTipHash: event.hash },
        });
    }
    last = event;
  }
  return found;
}
