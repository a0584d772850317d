import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ChainEvent } from '../../indexers/log/event.js';
import type { IndexedHeader, IndexStore, Reorganisation } from '../../indexers/store/indexStore.js';
import type { Page } from '../../indexers/store/view.js';
import { utf8 } from '../../proofs/bytes.js';
import { sha256 } from '../../proofs/hash/hasher.js';

const START = 100;

interface Block {
  readonly height: number;
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
}

/** A chain that is nothing but its events: the model that answers are compared with. */
export class ModelChain {
  readonly events: ChainEvent[] = [];
  readonly #best: Block[] = [];
  #made = 0;

  constructor(readonly chain: string) {
    this.#connect();
  }

  /** Undoes blocks, never the first, and connects others. */
  advance(undo: number, connect: number, finalize: boolean): ChainEvent[] {
    const from = this.events.length;
    for (let i = 0; i < undo && this.#best.length > 1; i++) this.#add('disconnect', this.#best.pop());
    for (let i = 0; i < connect; i++) this.#connect();
    if (finalize) this.#add('finalize', this.#best[0]);
    return this.events.slice(from);
  }

  /** The best chain after event `number`, from its definition. */
  bestAt(number: number): Block[] {
    const best: Block[] = [];
    for (const event of this.events.slice(0, number)) {
      if (event.type === 'connect') best.push(event);
      else if (event.type === 'disconnect') best.pop();
    }
    return best;
  }

  /** Hashes of every block that was connected by then, and the newest event about each. */
  everAt(number: number): Map<string, number> {
    const ever = new Map<string, number>();
    for (const event of this.events.slice(0, number))
      if (event.type !== 'finalize') ever.set(Buffer.from(event.hash).toString('hex'), event.number);
    return ever;
  }

  reorganisationsAt(number: number): { number: number; depth: number }[] {
    const found: { number: number; depth: number }[] = [];
    for (const [i, event] of this.events.slice(0, number).entries())
      if (event.type === 'disconnect') {
        const last = found.at(-1);
        if (last !== undefined && this.events[i - 1]?.type === 'disconnect') last.depth++;
        else found.push({ number: event.number, depth: 1 });
      }
    return found.reverse();
  }

  #connect(): void {
    const tip = this.#best.at(-1);
    // Some blocks come back after they were undone.
    const again = this.#made % 5 === 4 ? this.#undone(tip) : undefined;
    const block = again ?? {
      height: (tip?.height ?? START - 1) + 1,
      hash: sha256(utf8(`${this.chain} ${this.#made}`)),
      parentHash: tip?.hash ?? new Uint8Array(32),
    };
    this.#made++;
    this.#best.push(block);
    this.#add('connect', block);
  }

  #undone(tip: Block | undefined): Block | undefined {
    const last = this.events.at(-1);
    return last?.type === 'disconnect' && tip !== undefined && last.height === tip.height + 1
      ? last
      : undefined;
  }

  #add(type: ChainEvent['type'], block: Block | undefined): void {
    if (block === undefined) return;
    const { height, hash, parentHash } = block;
    const number = this.events.length + 1;
    const raw = sha256(hash);
    this.events.push({
      chain: this.chain,
      number,
      epoch: 1,
      type,
      height,
      hash,
      parentHash,
      time: height * 10,
      raw,
    });
  }
}

/** Questions that are asked page by page. */
type Question = 'headers' | 'branches' | 'latest' | 'reorganisations';
type Row = IndexedHeader | Reorganisation;

function ask(
  store: IndexStore,
  chain: string,
  question: Question,
  limit: number,
  cursor?: string,
  at?: number,
) {
  const page = { limit, ...(cursor === undefined ? {} : { cursor }), ...(at === undefined ? {} : { at }) };
  const answers: Record<Question, () => Promise<Page<Row>>> = {
    headers: () => store.headers(chain, { from: 0, ...page }),
    branches: () => store.headers(chain, { from: 0, branches: true, ...page }),
    latest: () => store.latest(chain, page),
    reorganisations: () => store.reorganisations(chain, page),
  };
  return answers[question]();
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Whether all rows of a question are those of the model in that view. */
function expectWhole(model: ModelChain, question: Question, number: number, rows: readonly Row[]): void {
  const best = model.bestAt(number);
  if (question === 'reorganisations') {
    expect(rows.map((row) => ({ number: row.number, depth: 'depth' in row ? row.depth : 0 }))).toEqual(
      model.reorganisationsAt(number),
    );
    return;
  }
  const headers = rows.filter((row): row is IndexedHeader => 'canonical' in row);
  const hashes = headers.filter(({ canonical }) => canonical).map(({ hash }) => hexOf(hash));
  const expected = best.map(({ hash }) => hexOf(hash));
  expect(hashes).toEqual(question === 'latest' ? expected.reverse() : expected);
  if (question === 'branches')
    expect(new Map(headers.map((row) => [hexOf(row.hash), row.number]))).toEqual(model.everAt(number));
  else expect(headers.every(({ canonical }) => canonical)).toBe(true);
}

/** A reader in the midst of its pages. */
export interface Reader {
  readonly question: Question;
  readonly limit: number;
  readonly at: number | undefined;
  number: number | undefined;
  cursor: string | undefined;
  rows: Row[];
}

export async function step(store: IndexStore, model: ModelChain, reader: Reader): Promise<boolean> {
  const { question, limit, cursor, at } = reader;
  const page = await ask(store, model.chain, question, limit, cursor, at);
  const tip = model.bestAt(page.view.number).at(-1);
  expect(page.view).toMatchObject({ height: tip?.height ?? 0, hash: tip?.hash ?? new Uint8Array(32) });
  if (at !== undefined) expect(page.view.number).toBe(at);
  expect(page.view.number).toBe(reader.number ?? page.view.number);
  expect(page.rows.length).toBeLessThanOrEqual(limit);
  reader.number = page.view.number;
  reader.rows.push(...page.rows);
  reader.cursor = page.next;
  if (page.next !== undefined) return true;
  expectWhole(model, question, page.view.number, reader.rows);
  return false;
}

const question = fc.constantFrom<Question>('headers', 'branches', 'latest', 'reorganisations');
const advance = fc.record({
  type: fc.constant('advance' as const),
  undo: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 6 }) },
  ),
  connect: fc.integer({ min: 0, max: 7 }),
  finalize: fc.boolean(),
  // In how many writes the events come: a view may lie in the midst of a reorganisation, and is then one all the same.
  writes: fc.integer({ min: 1, max: 3 }),
});
const read = fc.record({
  type: fc.constant('read' as const),
  question,
  limit: fc.integer({ min: 1, max: 5 }),
  back: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
});
const turn = fc.record({ type: fc.constant('turn' as const), which: fc.nat({ max: 5 }) });

/** Every answer is of one view, page after page, whatever happens meanwhile. */
export function indexViewsConformance(open: () => IndexStore): void {
  test('no answer ever mixes branches: readers page by page between reorganisations', async () => {
    const store = open();
    let runs = 0;
    const steps = fc.array(fc.oneof(advance, read, { weight: 3, arbitrary: turn }), {
      minLength: 20,
      maxLength: 50,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (commands) => {
        const model = new ModelChain(`views-${runs++}`);
        await store.writeEvents(model.chain, model.events);
        const readers: Reader[] = [];
        for (const command of commands)
          if (command.type === 'advance') {
            const events = model.advance(command.undo, command.connect, command.finalize);
            const size = Math.ceil(events.length / command.writes) || 1;
            for (let at = 0; at < events.length; at += size)
              await store.writeEvents(model.chain, events.slice(at, at + size));
          } else if (command.type === 'read') {
            const { question, limit, back } = command;
            const at = back === undefined ? undefined : Math.max(1, model.events.length - back);
            readers.push({ question, limit, at, number: undefined, cursor: undefined, rows: [] });
          } else {
            const reader = readers[command.which % Math.max(1, readers.length)];
            if (reader !== undefined && !(await step(store, model, reader)))
              readers.splice(readers.indexOf(reader), 1);
          }
        for (const reader of readers) while (await step(store, model, reader));
      }),
      { numRuns: 8 },
    );
  }, 180_000);

  test('no answer ever mixes branches: readers at the same time as the writer', async () => {
    const store = open();
    const model = new ModelChain('views-at-once');
    await store.writeEvents(model.chain, model.advance(0, 30, false).length > 0 ? model.events : []);
    let writing = true;
    const write = async () => {
      for (let i = 0; i < 40; i++) {
        // The model is told first: an answer may be of a view before the write returns.
        const events = model.advance(1 + (i % 9), 1 + ((i * 5) % 10), i % 7 === 0);
        const half = events.length >> 1;
        await store.writeEvents(model.chain, events.slice(0, half));
        await store.writeEvents(model.chain, events.slice(half));
      }
      writing = false;
    };
    let answers = 0;
    const reading = async (question: Question, limit: number) => {
      while (writing) {
        const reader: Reader = {
          question,
          limit,
          at: undefined,
          number: undefined,
          cursor: undefined,
          rows: [],
        };
        while (await step(store, model, reader)) answers++;
        answers++;
      }
    };
    await Promise.all([write(), reading('headers', 7), reading('branches', 11), reading('latest', 5)]);
    expect(answers).toBeGreaterThan(10);
  }, 180_000);

  test('what was on the best chain in an earlier view is found there by its hash', async () => {
    const store = open();
    const model = new ModelChain('views-by-hash');
    model.advance(0, 3, false);
    model.advance(2, 4, true);
    await store.writeEvents(model.chain, model.events);
    for (let at = 1; at <= model.events.length; at++) {
      const best = new Set(model.bestAt(at).map(({ hash }) => hexOf(hash)));
      const ever = model.everAt(at);
      for (const { hash } of model.events) {
        const { row } = await store.header(model.chain, hash, at);
        expect(row?.number).toBe(ever.get(hexOf(hash)));
        expect(row?.canonical ?? false).toBe(best.has(hexOf(hash)));
      }
    }
  });
}
