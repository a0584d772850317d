import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Policy, PolicyKind } from '../proofs/containers/calls.js';
import { Assurance } from '../proofs/containers/leaf.js';
import { PolicyError } from './errors.js';
import {
  type ChainTiming,
  checkPolicy,
  committableUpTo,
  formatPolicy,
  parsePolicy,
  satisfied,
  validatePolicy,
} from './policy.js';

const chainAt = (tipHeight: number, now = 0, finalizedHeight?: number, safeHeight?: number): ChainTiming => ({
  tipHeight,
  now,
  finalizedHeight,
  safeHeight,
});
const policies: fc.Arbitrary<Policy> = fc.oneof(
  fc.record({ kind: fc.constant(PolicyKind.confirmations), value: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant(PolicyKind.age), value: fc.integer({ min: 1, max: 30 }) }),
  fc.constant({ kind: PolicyKind.finalized, value: 0 }),
  fc.constant({ kind: PolicyKind.realtime, value: 0 }),
  fc.constant({ kind: PolicyKind.safe, value: 0 }),
);

describe('satisfied', () => {
  test('confirmations count the block itself', () => {
    const two = parsePolicy('confirmations(2)');
    expect(satisfied(two, { height: 10, time: 0 }, chainAt(10))).toBe(false);
    expect(satisfied(two, { height: 10, time: 0 }, chainAt(11))).toBe(true);
    expect(satisfied(parsePolicy('confirmations(1)'), { height: 10, time: 0 }, chainAt(10))).toBe(true);
    expect(satisfied(two, { height: 12, time: 0 }, chainAt(11))).toBe(false);
  });

  test('age counts from the header time', () => {
    const policy = parsePolicy('age(10)');
    expect(satisfied(policy, { height: 1, time: 1000 }, chainAt(1, 1599))).toBe(false);
    expect(satisfied(policy, { height: 1, time: 1000 }, chainAt(1, 1600))).toBe(true);
  });

  test('finalized waits for the chain itself', () => {
    const policy = parsePolicy('finalized');
    expect(satisfied(policy, { height: 5, time: 0 }, chainAt(9, 0))).toBe(false);
    expect(satisfied(policy, { height: 5, time: 0 }, chainAt(9, 0, 4))).toBe(false);
    expect(satisfied(policy, { height: 5, time: 0 }, chainAt(9, 0, 5))).toBe(true);
  });

  test('safe waits for the chain itself, and no longer than finalized', () => {
    const policy = parsePolicy('safe');
    const five = { height: 5, time: 0 };
    expect(satisfied(policy, five, chainAt(9))).toBe(false);
    expect(satisfied(policy, five, chainAt(9, 0, 2, 4))).toBe(false);
    expect(satisfied(policy, five, chainAt(9, 0, 2, 5))).toBe(true);
    expect(satisfied(policy, five, chainAt(9, 0, 5))).toBe(true);
    expect(satisfied(policy, five, chainAt(4, 0, 2, 9))).toBe(false);
    expect(satisfied(parsePolicy('finalized'), five, chainAt(9, 0, 4, 9))).toBe(false);
  });

  test('realtime: at once', () => {
    expect(satisfied(parsePolicy('realtime'), { height: 9, time: 0 }, chainAt(9))).toBe(true);
    expect(satisfied(parsePolicy('realtime'), { height: 10, time: 0 }, chainAt(9))).toBe(false);
  });

  test('an unknown kind is an error, never a yes', () => {
    expect(() => satisfied({ kind: 9, value: 0 }, { height: 1, time: 0 }, chainAt(1))).toThrow(PolicyError);
    expect(() => committableUpTo({ kind: 9, value: 0 }, 1, () => 0, chainAt(1))).toThrow(PolicyError);
  });

  test('never turns back while tip, finality and clock grow', () => {
    const grow = fc.nat(50);
    fc.assert(
      fc.property(
        policies,
        fc.record({ height: fc.nat(50), time: fc.nat(5000) }),
        fc.nat(60),
        fc.option(fc.nat(60), { nil: undefined }),
        fc.nat(8000),
        fc.option(fc.nat(60), { nil: undefined }),
        fc.tuple(grow, grow, grow, grow),
        (policy, block, tip, final, now, safe, [a, b, c, d]) => {
          const plus = (height: number | undefined, more: number) =>
            height === undefined ? undefined : height + more;
          const later = chainAt(tip + a, now + c * 60, plus(final, b), plus(safe, d));
          if (satisfied(policy, block, chainAt(tip, now, final, safe)))
            expect(satisfied(policy, block, later)).toBe(true);
        },
      ),
    );
  });
});

describe('committableUpTo', () => {
  test('is the end of the longest satisfied prefix', () => {
    fc.assert(
      fc.property(
        policies,
        fc.nat(20),
        fc.array(fc.nat(4000), { maxLength: 40 }),
        fc.option(fc.nat(60), { nil: undefined }),
        fc.nat(6000),
        fc.option(fc.nat(60), { nil: undefined }),
        (policy, committed, times, final, now, safe) => {
          const chain = chainAt(committed + times.length, now, final, safe);
          const timeOf = (height: number) => times[height - committed - 1];
          let expected = committed;
          while (expected < chain.tipHeight) {
            const block = { height: expected + 1, time: timeOf(expected + 1) ?? 0 };
            if (!satisfied(policy, block, chain)) break;
            expected++;
          }
          expect(committableUpTo(policy, committed, timeOf, chain)).toBe(expected);
        },
      ),
    );
  });

  test('stops where a header is not known', () => {
    const timeOf = (height: number) => (height < 7 ? 0 : undefined);
    expect(committableUpTo(parsePolicy('age(1)'), 3, timeOf, chainAt(20, 9999))).toBe(6);
  });

  test('never goes below what is committed', () => {
    expect(committableUpTo(parsePolicy('confirmations(6)'), 10, () => 0, chainAt(11))).toBe(10);
  });
});

describe('parsePolicy', () => {
  test('reads what formatPolicy writes', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        expect(parsePolicy(formatPolicy(policy))).toEqual(policy);
      }),
    );
  });

  test.each([
    '',
    'confirmations',
    'confirmations()',
    'confirmations(0)',
    'confirmations(2017)',
    'confirmations(-1)',
    'confirmations(1.5)',
    'age(0)',
    'age(40321)',
    'finalized(1)',
    'safe(1)',
    'realtime(0)',
    'soon',
    'toString',
    'confirmations(2) x',
  ])('refuses %j', (text) => expect(() => parsePolicy(text)).toThrow(PolicyError));

  test('allows spaces', () =>
    expect(parsePolicy(' confirmations( 6 ) ')).toEqual({ kind: PolicyKind.confirmations, value: 6 }));

  test('never throws anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parsePolicy(text);
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyError);
        }
      }),
    );
  });
});

describe('validatePolicy', () => {
  test('a work chain knows no finality', () => {
    expect(() => validatePolicy(parsePolicy('finalized'), Assurance.work)).toThrow('no finalised blocks');
    expect(() => validatePolicy(parsePolicy('finalized'), Assurance.attested)).not.toThrow();
    expect(() => validatePolicy(parsePolicy('confirmations(2)'), Assurance.work)).not.toThrow();
  });

  test('only attested chains can wait for safe', () => {
    expect(() => validatePolicy(parsePolicy('safe'), Assurance.attested)).not.toThrow();
    for (const assurance of [Assurance.work, Assurance.syncCommittee])
      expect(() => validatePolicy(parsePolicy('safe'), assurance)).toThrow(/only an attested chain has safe/);
  });

  test('refuses values and kinds that mean nothing', () => {
    expect(() => checkPolicy({ kind: PolicyKind.realtime, value: 1 })).toThrow(PolicyError);
    expect(() => checkPolicy({ kind: 0, value: 0 })).toThrow(PolicyError);
    expect(() => checkPolicy({ kind: PolicyKind.age, value: 0 })).toThrow(PolicyError);
  });
});
