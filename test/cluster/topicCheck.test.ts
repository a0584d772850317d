import { expect, test } from 'vitest';
import { leaseRecord } from '../../indexers/log/kafka/messages.js';
import type { InRecord } from '../../indexers/log/kafka/recordBatch.js';
import { eventRecords } from '../support/kafka/eventRecords.js';
import { planned } from '../support/kafka/plan.js';
import { bestOf, checkEvents } from './topicCheck.js';

const holder = (byte: number) => new Uint8Array(16).fill(byte);
const plan = planned(24);

function lease(epoch: number, by: number): Omit<InRecord, 'offset'> {
  const { key, value, headers } = leaseRecord({ chain: 'a', epoch, holder: holder(by), client: '' });
  return { time: 0, key, value, headers: new Map(Object.entries(headers)) };
}
function events(epoch: number, by: number, from: number, to: number): Omit<InRecord, 'offset'>[] {
  const some = plan
    .slice(from - 1, to)
    .map((event, i) => ({ ...event, chain: 'a', epoch, number: from + i }));
  return eventRecords(some, holder(by)).map(({ key, value, headers }) => ({
    time: 0,
    key,
    value,
    headers: new Map(Object.entries(headers)),
  }));
}
const topic = (...records: (Omit<InRecord, 'offset'> | Omit<InRecord, 'offset'>[])[]) =>
  records.flat().map((record, offset): InRecord => ({ ...record, offset }));

test('what late writers sent is left out, everything else counts once', () => {
  const facts = checkEvents(
    'a',
    topic(
      lease(1, 1),
      events(1, 1, 1, 12),
      lease(2, 2),
      lease(2, 1),
      events(1, 1, 13, 15),
      events(2, 2, 13, 24),
    ),
  );
  expect(facts.events.map(({ number }) => number)).toEqual(plan.map((_, i) => i + 1));
  expect(facts).toMatchObject({ late: 4, leases: 2, disconnects: 4 });
  expect(bestOf(facts.events)).toHaveLength(24 - 2 - 2 * 4);
  // The same events again are late.
  expect(checkEvents('a', topic(lease(1, 1), events(1, 1, 1, 6), events(1, 1, 3, 6))).late).toBe(4);
});

test.each([
  ['a gap', topic(lease(1, 1), events(1, 1, 1, 6), events(1, 1, 8, 10))],
  ['an epoch left out', topic(lease(1, 1), lease(3, 2))],
  ['something else', topic(lease(1, 1), [{ time: 0, key: undefined, value: undefined, headers: new Map() }])],
])('%s is not accepted', (_, records) => {
  expect(() => checkEvents('a', records)).toThrow();
});
