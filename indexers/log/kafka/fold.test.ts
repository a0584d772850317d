import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../../proofs/bytes.js';
import { fakeGenesis, fakeHeader } from '../../../test/support/indexers/fakeKind.js';
import { eventRecords } from '../../../test/support/kafka/eventRecords.js';
import { uint64 } from '../../keys.js';
import { type ChainEvent, eventOf } from '../event.js';
import type { OutRecord } from './driver.js';
import { advance, EMPTY_FOLD, type FoldState, judge, type Verdict } from './fold.js';
import { leaseRecord } from './messages.js';
import type { InRecord } from './recordBatch.js';

const chain = 'a';
const eventRecord = (event: ChainEvent, holder: Uint8Array, first: number): OutRecord => {
  const [record] = eventRecords([event], holder);
  const lease = concatBytes(uint64(event.epoch), holder, uint64(first));
  return { ...record!, headers: { ...record!.headers, lease } };
};
const holderOf = (writer: number, attempt: number) =>
  new Uint8Array(16).fill(writer * 16 + (attempt % 16) + 1);

function inRecord(record: OutRecord, offset = 0): InRecord {
  const headers = new Map(Object.entries(record.headers));
  return { offset, time: 1, key: record.key, value: record.value, headers };
}

/** A reader in memory. */
class Reader {
  state: FoldState = EMPTY_FOLD;
  readonly best = new Map<number, Uint8Array>();
  readonly events: ChainEvent[] = [];
  readonly verdicts: Verdict[] = [];

  read(record: InRecord): Verdict {
    const hashAt = (height: number) => this.best.get(height);
    const verdict = judge(chain, this.state, hashAt, record);
    this.state = advance(this.state, verdict, hashAt);
    this.verdicts.push(verdict);
    if (verdict.type === 'event') {
      const { event } = verdict;
      this.events.push(event);
      if (event.type === 'connect') this.best.set(event.height, event.hash);
      if (event.type === 'disconnect') this.best.delete(event.height);
    }
    return verdict;
  }
}

/** A producer as the log has it: reads to its own lease record before it writes, never knows of later ones. */
class Writer {
  readonly #id: number;
  #attempt = 0;
  #lease: { epoch: number; holder: Uint8Array } | undefined;
  #view = new Reader();
  #read = 0;
  /** What it was told is in the log. */
  readonly accepted: ChainEvent[] = [];

  constructor(id: number) {
    this.#id = id;
  }

  #catchUp(topic: readonly InRecord[]): void {
    for (; this.#read < topic.length; this.#read++) this.#view.read(topic[this.#read]!);
  }

  /** Writes a lease record for what it last saw; whether it got the epoch it finds out when it next looks. */
  acquire(): OutRecord {
    const holder = holderOf(this.#id, this.#attempt++);
    const epoch = this.#view.state.epoch + 1;
    this.#lease = { epoch, holder };
    return leaseRecord({ chain, epoch, holder, client: 'test' });
  }

  /** Looks at the topic; gives up a lease that it did not get or lost. */
  look(topic: readonly InRecord[]): void {
    this.#catchUp(topic);
    const { holder } = this.#view.state;
    if (
      this.#lease !== undefined &&
      (holder === undefined || !Buffer.from(holder).equals(this.#lease.holder))
    )
      this.#lease = undefined;
  }

  /** An append of some events, from what it last saw, lease or not. */
  append(salt: number, count: number): OutRecord[] {
    if (this.#lease === undefined) return [];
    const { epoch, holder } = this.#lease;
    let { number, tip } = this.#view.state;
    const out: OutRecord[] = [];
    const first = number + 1;
    for (let i = 0; i < count; i++) {
      const header = tip === undefined ? fakeGenesis : fakeHeader(tip, salt + i);
      out.push(eventRecord({ ...eventOf('connect', header), chain, epoch, number: ++number }, holder, first));
      tip = header;
    }
    return out;
  }
}

/** A step of the world: a writer does something, or a request that was under way arrives (possibly twice). */
const step = fc.record({
  writer: fc.nat(2),
  act: fc.constantFrom('acquire', 'look', 'append', 'arrive', 'arrive', 'arrive', 'repeat'),
  salt: fc.nat(1000),
  count: fc.integer({ min: 1, max: 3 }),
});

describe('the fold', () => {
  test('every reader ends with the same sequence without gaps, whatever the writers do', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const topic: InRecord[] = [];
        const writers = [new Writer(0), new Writer(1), new Writer(2)];
        const underWay: OutRecord[][] = [];
        const appends: { at: number; count: number }[] = [];
        for (const { writer, act, salt, count } of steps) {
          const who = writers[writer]!;
          if (act === 'acquire') underWay.push([who.acquire()]);
          else if (act === 'look') who.look(topic);
          else if (act === 'append') underWay.push(who.append(salt, count));
          else if (underWay.length > 0) {
            // Requests arrive in any order, and as a whole: a record batch is atomic.
            const at = salt % underWay.length;
            if (underWay[at]!.length > 0) appends.push({ at: topic.length, count: underWay[at]!.length });
            for (const record of underWay[at]!) topic.push(inRecord(record, topic.length));
            if (act === 'arrive') underWay.splice(at, 1);
          }
        }
        const whole = new Reader();
        for (const record of topic) whole.read(record);
        whole.events.forEach((event, i) => {
          expect(event.number).toBe(i + 1);
          if (i > 0) {
            expect(event.parentHash).toEqual(whole.events[i - 1]!.hash);
            expect(event.epoch).toBeGreaterThanOrEqual(whole.events[i - 1]!.epoch);
          }
        });
        for (const { at, count } of appends) {
          const taken = whole.verdicts.slice(at, at + count).filter(({ type }) => type === 'event');
          if (taken.length > 0) expect(taken).toHaveLength(count);
        }
        // These writers, which append without looking whether they got the lease, are told from hostile ones by that only.
        for (const verdict of whole.verdicts)
          if (verdict.type === 'poison') expect(verdict.reason).toMatch(/nobody has|does not hold/);
        // One who reads in pieces, from a state kept in between, ends alike.
        const pieces = new Reader();
        for (const record of topic) {
          pieces.state = structuredClone(pieces.state);
          pieces.read(record);
        }
        expect(pieces.state).toEqual(whole.state);
        expect(pieces.events).toEqual(whole.events);
      }),
      { numRuns: 2000 },
    );
  });

  test('nothing of a deposed writer is taken after the new lease', () => {
    const reader = new Reader();
    const [a, b] = [holderOf(0, 0), holderOf(1, 0)];
    const event = { ...eventOf('connect', fakeGenesis), chain, epoch: 1, number: 1 };
    const child = { ...eventOf('connect', fakeHeader(fakeGenesis, 1)), chain, epoch: 1, number: 2 };
    reader.read(inRecord(leaseRecord({ chain, epoch: 1, holder: a, client: '' })));
    expect(reader.read(inRecord(eventRecord(event, a, 1))).type).toBe('event');
    expect(reader.read(inRecord(eventRecord(event, a, 1))).type).toBe('stale');
    expect(reader.read(inRecord(leaseRecord({ chain, epoch: 2, holder: b, client: '' }))).type).toBe('lease');
    expect(reader.read(inRecord(leaseRecord({ chain, epoch: 2, holder: a, client: '' }))).type).toBe('stale');
    expect(reader.read(inRecord(eventRecord(child, a, 2))).type).toBe('stale');
    expect(reader.read(inRecord(eventRecord({ ...child, epoch: 2 }, a, 2))).type).toBe('poison');
    expect(reader.read(inRecord(eventRecord({ ...child, epoch: 2 }, b, 2))).type).toBe('event');
  });

  test('what does not fit is poison and changes nothing', () => {
    const reader = new Reader();
    const holder = holderOf(0, 0);
    const good = { ...eventOf('connect', fakeGenesis), chain, epoch: 1, number: 1 };
    reader.read(inRecord(leaseRecord({ chain, epoch: 1, holder, client: '' })));
    reader.read(inRecord(eventRecord(good, holder, 1)));
    const next = { ...eventOf('connect', fakeHeader(fakeGenesis, 1)), chain, epoch: 1, number: 2 };
    const record = inRecord(eventRecord(next, holder, 2));
    const before = reader.state;
    const strange: InRecord[] = [
      { ...record, value: undefined },
      { ...record, value: new Uint8Array() },
      { ...record, value: record.value!.subarray(0, 30) },
      { ...record, key: undefined },
      { ...record, key: new Uint8Array(8) },
      { ...record, key: new Uint8Array(8).fill(0xff) },
      { ...record, headers: new Map() },
      { ...record, headers: new Map([...record.headers, ['kind', Uint8Array.of(9)]]) },
      { ...record, headers: new Map([...record.headers, ['lease', new Uint8Array(32)]]) },
      { ...record, headers: new Map([...record.headers, ['lease', new Uint8Array(31)]]) },
      { ...record, headers: new Map([...record.headers, ['parent', new Uint8Array(32)]]) },
      inRecord(eventRecord({ ...next, chain: 'b' }, holder, 2)),
      inRecord(eventRecord({ ...next, number: 3 }, holder, 3)),
      inRecord(eventRecord({ ...next, epoch: 2 }, holder, 2)),
      inRecord(eventRecord({ ...next, parentHash: new Uint8Array(32) }, holder, 2)),
      inRecord(eventRecord({ ...next, type: 'finalize' }, holder, 2)),
      inRecord(eventRecord({ ...next, type: 'disconnect' }, holder, 2)),
      inRecord(leaseRecord({ chain, epoch: 3, holder, client: '' })),
      inRecord(leaseRecord({ chain, epoch: 2 ** 53 - 1, holder, client: '' })),
      inRecord(leaseRecord({ chain: 'b', epoch: 2, holder, client: '' })),
    ];
    for (const each of strange) {
      expect(reader.read(each).type).toBe('poison');
      expect(reader.state).toEqual(before);
    }
    expect(reader.read(record).type).toBe('event');
  });

  test('any bytes are judged without a crash', () => {
    const holder = holderOf(0, 0);
    const reader = new Reader();
    reader.read(inRecord(leaseRecord({ chain, epoch: 1, holder, client: '' })));
    const bytes = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined });
    const good = inRecord(
      eventRecord({ ...eventOf('connect', fakeGenesis), chain, epoch: 1, number: 1 }, holder, 1),
    );
    const headers = fc.dictionary(fc.constantFrom('kind', 'lease', 'parent', 'x'), fc.uint8Array());
    fc.assert(
      fc.property(
        bytes,
        bytes,
        headers,
        fc.nat(good.value!.length - 1),
        fc.nat(255),
        (key, value, of, at, flip) => {
          reader.read({ offset: 0, time: -5, key, value, headers: new Map(Object.entries(of)) });
          const damaged = good.value!.slice();
          damaged[at]! ^= flip | 1;
          judge(chain, reader.state, () => undefined, { ...good, value: damaged });
        },
      ),
      { numRuns: 3000 },
    );
    expect(reader.state.epoch).toBe(1);
  });
});
